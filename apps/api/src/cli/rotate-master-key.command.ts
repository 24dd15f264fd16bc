import { type CoreConfig, Database, rewrapDataKeys } from '@countersign/core';
import { type CommandContext, UsageError } from './command.js';
import { withEngine } from './with-engine.js';

/** Wraps every data key under the newest master key. */
export async function rotateMasterKey(context: CommandContext): Promise<void> {
  const { args, config, say } = context;
  if (args.length > 0) throw new UsageError('rotate-master-key takes no arguments.');
  const { masterKeys = [] } = config.slices['core'] as CoreConfig;
  if (masterKeys.length === 0) {
    throw new UsageError('rotate-master-key needs MASTER_KEY: the new key, a comma, and the old one.');
  }
  let rewrapped = 0;
  await withEngine(context, async (engine) => {
    await rewrapDataKeys(engine.get(Database), masterKeys, (key) => {
      if (key.rewrapped) rewrapped += 1;
      say(
        `${key.nth} of ${key.of}: ${key.rewrapped ? 'wrapped anew' : 'is under the newest master key already'}`,
      );
    });
  });
  say(
    rewrapped === 0
      ? 'Nothing to do: everything is under the newest master key.'
      : 'Done. Everything is under the newest master key.',
  );
  if (masterKeys.length > 1) say('Take the older ones out of MASTER_KEY now, on every instance.');
}
