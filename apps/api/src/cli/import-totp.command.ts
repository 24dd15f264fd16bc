import type { INestApplicationContext } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { Applications } from '@countersign/directory';
import { FactorRegistry } from '@countersign/factors';
import { type CommandContext, NotDone, PartlyDone, UsageError } from './command.js';
import { type ImportItem, importList, NotAList } from './import-list.js';
import { ItemImporter } from './item-importer.js';
import { withEngine } from './with-engine.js';

interface Options {
  readonly file: string;
  readonly user: string | undefined;
  readonly issuer: string | undefined;
  readonly application: string;
  readonly dryRun: boolean;
}

/**
 * Imports authenticator secrets from elsewhere, each active at once. Nothing of a line is ever repeated but its number
 * and the name of the part that is wrong: what stands there may be a password, whatever was meant to stand there.
 */
export async function importTotp(context: CommandContext): Promise<void> {
  const { args, say } = context;
  const options = optionsFrom(args);
  const { items, faults } = await listIn(options);
  for (const fault of faults) say(`not imported: ${fault}`);
  const done = await withEngine(context, (engine) => importAll(engine, items, options, say));
  const all = items.length + faults.length;
  const failed = all - done;
  const sentence = `${done} of ${all} ${options.dryRun ? 'could be imported' : 'imported'}`;
  say(failed === 0 ? `${sentence}.` : `${sentence}, ${failed} not.`);
  if (failed > 0) throw done > 0 ? new PartlyDone() : new NotDone();
}

async function importAll(
  engine: INestApplicationContext,
  items: readonly ImportItem[],
  { application: slug, dryRun }: Options,
  say: CommandContext['say'],
): Promise<number> {
  const application = await engine.get(Applications, { strict: false }).bySlug(slug);
  if (application === undefined) throw new UsageError('--application: there is none with this slug.');
  const registered = engine.get(FactorRegistry, { strict: false }).find('totp');
  if (registered === undefined) throw new UsageError('This deployment has no authenticator apps.');
  const importer = new ItemImporter(engine, { application, registered, dryRun });
  let done = 0;
  for (const item of items) {
    const outcome = await importer.run(item);
    if (outcome.done) done += 1;
    const verb = outcome.done ? (dryRun ? 'would import' : 'imported') : 'not imported';
    say(`${verb}: ${item.place}${outcome.more}`);
  }
  return done;
}

async function listIn({ file, user, issuer }: Options): Promise<ReturnType<typeof importList>> {
  const content = await contentOf(file);
  try {
    return importList(content, {
      ...(user === undefined ? {} : { user }),
      ...(issuer === undefined ? {} : { issuer }),
    });
  } catch (error) {
    if (error instanceof NotAList) throw new UsageError(`--file: ${error.message}`);
    throw error;
  }
}

function optionsFrom(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        file: { type: 'string' },
        user: { type: 'string' },
        issuer: { type: 'string' },
        application: { type: 'string', default: 'default' },
        'dry-run': { type: 'boolean', default: false },
      },
    });
    if (values.file === undefined)
      throw new UsageError('import-totp needs --file PATH, or --file - for standard input.');
    return {
      file: values.file,
      user: values.user,
      issuer: values.issuer,
      application: values.application,
      dryRun: values['dry-run'],
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // A stray argument may be a secret.
    throw new UsageError(
      'import-totp: the arguments cannot be understood. Secrets come from a file, never from here.',
    );
  }
}

async function contentOf(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`);
  }
}
