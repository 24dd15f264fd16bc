import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type CoreConfig, Database, type LoadedConfig, SystemClock } from '@countersign/core';
import type { FactorsConfig } from '@countersign/factors';
import { migrations } from '../../../../migrations/index.js';
import { AppModule } from '../app.module.js';
import { loadFactorModules } from '../factor-modules.js';
import { openDatabase } from '../open-database.js';
import { StartFailure } from '../start-failure.js';
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
      await AppModule.forRoot(await withoutMissingFactors(config), url, new SystemClock()),
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

// No command asks for a factor, and some are run because a provider is gone.
async function withoutMissingFactors(config: LoadedConfig): Promise<LoadedConfig> {
  const factors = config.slices['factors'] as FactorsConfig;
  const modules: string[] = [];
  for (const name of factors.modules) {
    try {
      await loadFactorModules([name]);
      modules.push(name);
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error;
      process.stderr.write(`${error.message}\nThe command goes on without it.\n`);
    }
  }
  const tolerant: FactorsConfig = { ...factors, modules, enabled: undefined, missing: 'retire' };
  return { ...config, slices: { ...config.slices, factors: tolerant } };
}
