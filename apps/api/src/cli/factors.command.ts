import { parseArgs } from 'node:util';
import { Database } from '@countersign/core';
import { FactorRegistry, FactorStore, RetireType } from '@countersign/factors';
import { type CommandContext, UsageError } from './command.js';
import { withEngine } from './with-engine.js';

const TYPE_NAME = /^[a-z][a-z0-9_]{0,31}$/;

interface Options {
  readonly type: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** What there was of a type, or is. */
interface Report {
  readonly type: string;
  readonly dryRun: boolean;
  readonly factors: number;
  readonly users: number;
  /** Users who have no second factor afterwards. */
  readonly usersLeftWithout: number;
}

/** Removes every factor of one type, whether or not its provider is still here. */
export async function factors(context: CommandContext): Promise<void> {
  const options = optionsFrom(context.args);
  const report = await withEngine(context, async (engine): Promise<Report> => {
    const registry = engine.get(FactorRegistry, { strict: false });
    const recovery = registry.all().filter(({ options: { type } }) => registry.isRecovery(type));
    const store = engine.get(FactorStore, { strict: false });
    const { type, dryRun } = options;
    const counted = await store.countOfType(
      engine.get(Database, { strict: false }).batches,
      type,
      recovery.map(({ options: known }) => known.type),
    );
    if (!dryRun) {
      await engine.get(RetireType, { strict: false }).run({
        type,
        progress: ({ users }) => {
          if (process.stdout.isTTY && !options.json) context.say(`${users} of ${counted.users} users …`);
        },
      });
    }
    return { type, dryRun, ...counted };
  });
  context.say(options.json ? JSON.stringify(report) : sentence(report));
}

function sentence({ dryRun, factors: count, users, usersLeftWithout }: Report): string {
  if (count === 0) return 'There are no factors of this type.';
  const [removed, has] = dryRun ? ['would be removed', 'would have'] : ['removed', 'have'];
  return (
    `${plural(count, 'factor')} of ${plural(users, 'user')} ${removed}; ${plural(usersLeftWithout, 'user')} ${has} no ` +
    'second factor then, and no backup codes.'
  );
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function optionsFrom([verb, ...args]: readonly string[]): Options {
  if (verb !== 'remove') throw new UsageError('factors has one verb: remove.');
  try {
    const { values } = parseArgs({
      args,
      options: {
        type: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const { type, json } = values;
    if (type !== undefined && TYPE_NAME.test(type)) return { type, json, dryRun: values['dry-run'] };
  } catch {
    // Told below: what was typed is not repeated.
  }
  throw new UsageError(
    'factors remove needs --type, the name of a factor type; --dry-run and --json are all else.',
  );
}
