import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type CoreConfig, Database, SystemClock } from '@countersign/core';
import { migrations } from '../../../../migrations/index.js';
import { AppModule } from '../app.module.js';
import { openDatabase } from '../open-database.js';
import type { CommandContext } from './command.js';

/** Runs work with everything that the service is made of, on a migrated database, without serving. */
export async function withEngine<T>(
  { config }: CommandContext,
  work: (engine: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const { url, embedded } = await openDatabase(config.slices['core'] as CoreConfig);
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
