import type { INestApplicationContext } from '@nestjs/common';
import { Database, publicId, SYSTEM_ORIGIN } from '@countersign/core';
import { type Application, Applications, UserStore } from '@countersign/directory';
import { EnrolFactor, FactorRegistry, type RegisteredFactor, type Subject } from '@countersign/factors';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { type CommandContext, PartlyDone, UsageError } from './command.js';
import { type ImportItem, importList } from './import-list.js';
import { withEngine } from './with-engine.js';

interface Options {
  readonly file: string;
  readonly user: string | undefined;
  readonly application: string;
  readonly dryRun: boolean;
}

/** Imports authenticator secrets from elsewhere, each active at once. */
export async function importTotp(context: CommandContext): Promise<void> {
  const options = optionsFrom(context.args);
  const { items, faults } = importList(await contentOf(options.file), options.user);
  for (const fault of faults) context.say(`not imported: ${fault}`);
  const done = await withEngine(context, (engine) => importAll(engine, items, options, context.say));
  const failed = items.length - done + faults.length;
  context.say(
    `${done} of ${items.length + faults.length} ${options.dryRun ? 'could be imported' : 'imported'}${failed === 0 ? '.' : `, ${failed} not.`}`,
  );
  if (failed > 0) throw new PartlyDone();
}

async function importAll(
  engine: INestApplicationContext,
  items: readonly ImportItem[],
  { application: slug, dryRun }: Options,
  say: CommandContext['say'],
): Promise<number> {
  const application = await engine.get(Applications, { strict: false }).bySlug(slug);
  if (application === undefined) throw new UsageError(`--application: there is no “${slug}”.`);
  const registered = engine.get(FactorRegistry, { strict: false }).find('totp');
  if (registered === undefined) throw new UsageError('This deployment has no authenticator apps.');
  let done = 0;
  for (const item of items) {
    const outcome = await importOne(engine, { application, registered, item, dryRun });
    if (outcome.done) done += 1;
    say(
      `${outcome.done ? (dryRun ? 'would import' : 'imported') : 'not imported'}: ${item.place}, ${item.user}${outcome.why}`,
    );
  }
  return done;
}

interface OneImport {
  readonly application: Application;
  readonly registered: RegisteredFactor;
  readonly item: ImportItem;
  readonly dryRun: boolean;
}

async function importOne(
  engine: INestApplicationContext,
  { application, registered, item: { user, entry }, dryRun }: OneImport,
): Promise<{ done: boolean; why: string }> {
  if (entry.kind === 'unusable') return { done: false, why: `: it ${entry.why}` };
  const subject = await subjectOf(engine, application, user);
  if (subject === undefined) return { done: false, why: ': there is no such active user' };
  if (dryRun) return { done: true, why: '' };
  const { secret, algorithm, digits, period } = entry;
  const result = await engine.get(EnrolFactor, { strict: false }).run({
    whose: subject,
    registered,
    label: labelOf(entry.name),
    fields: { import: { secret, algorithm, digits, period } },
    by: 'server',
    begunBy: 'import',
    // Nobody is here to hand them to the user, who makes a set when logged in.
    withRecovery: false,
    origin: SYSTEM_ORIGIN,
  });
  switch (result.outcome) {
    case 'enrolled':
      return { done: true, why: ` as ${publicId('fac', result.factor.id)}` };
    case 'already-there':
      return { done: true, why: ': it was there already' };
    case 'malformed':
      return {
        done: false,
        why: `: ${result.errors.map(({ path, message }) => `${path} ${message}`).join('; ')}`,
      };
    case 'too-many':
      return { done: false, why: ': the user has too many factors' };
    default:
      return { done: false, why: ': the user was changed meanwhile' };
  }
}

async function subjectOf(
  engine: INestApplicationContext,
  application: Application,
  user: string,
): Promise<Subject | undefined> {
  const users = engine.get(UserStore, { strict: false });
  const found = await users.named(engine.get(Database, { strict: false }).direct, application.id, user);
  return (
    found && {
      application,
      userId: found.id,
      securityEpoch: found.securityEpoch,
      account: found.email ?? found.externalId,
      locale: found.locale,
    }
  );
}

function labelOf(name: string): string | null {
  const label = name.replace(/\p{Cc}/gu, '').slice(0, 100);
  return label === '' ? null : label;
}

function optionsFrom(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        file: { type: 'string' },
        user: { type: 'string' },
        application: { type: 'string', default: 'default' },
        'dry-run': { type: 'boolean', default: false },
      },
    });
    if (values.file === undefined)
      throw new UsageError('import-totp needs --file PATH, or --file - for standard input.');
    return {
      file: values.file,
      user: values.user,
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
  } catch {
    throw new UsageError(`--file: “${file}” cannot be read.`);
  }
}
