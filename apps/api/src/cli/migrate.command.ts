import { type CoreConfig, Database } from '@countersign/core';
import { migrations } from '../../../../migrations/index.js';
import { openDatabase } from '../open-database.js';
import { type CommandContext, UsageError } from './command.js';

/** Applies pending migrations, as every start does, without starting. */
export async function migrate({ args, config, say }: CommandContext): Promise<void> {
  if (args.length > 0) throw new UsageError('migrate takes no arguments.');
  const { url, embedded } = await openDatabase(config.slices['core'] as CoreConfig);
  try {
    const applied = await Database.migrate(url, migrations);
    say(
      applied.length === 0
        ? 'Nothing to apply: the database is up to date.'
        : `Applied ${applied.join(', ')}.`,
    );
  } finally {
    await embedded?.stop();
  }
}
