import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type CoreConfig, Database, SystemClock } from '@countersign/core';
import { migrations } from '../../../../migrations/index.js';
import { AppModule } from '../app.module.js';
import { openDatabase } from '../open-database.js';
import type { CommandContext } from './command.js';

/**
 * Runs work with everything that the service is made of, on a migrated database, without serving. PostgreSQL's time
 * limits are those of requests; what a command does may take its time.
 */
export async function withEngine<T>(
  { config: given }: CommandContext,
  work: (engine: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const core: CoreConfig = { ...(given.slices['core'] as CoreConfig), databaseTimeLimits: false };
  const config = { ...given, slices: { ...given.slices, core } };
  const { url, embedded } = await openDatabase(core);
  try {
    await Database.migrate(url, migrations);
    const engine = await NestFactory.createApplicationContext(
      await AppModule.forRoot(config, url, new SystemClock()),
      { logger: false, abortOnError: false },
    );
    try {
      return await work(engine);
    } finally {
      await engine.close();
    }
  } finally {
    await embedded?.stop();
  }
}
