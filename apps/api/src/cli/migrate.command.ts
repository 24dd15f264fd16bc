import { type CoreConfig, Database } from '@countersign/core';
import { migrations } from '../../../../migrations/index.js';
import { openDatabase } from '../open-database.js';
import { type Command, UsageError } from './command.js';

/** Applies pending migrations, as every start does, without starting. */
export const migrate: Command = {
  name: 'migrate',
  usage: 'migrate',
  about: 'applies pending migrations and says which',
  async run({ args, config, say }) {
    if (args.length > 0) throw new UsageError(`migrate takes no arguments, and not “${args.join(' ')}”.`);
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
  },
};
