import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type AuthConfig, BootstrapAdmin } from '@countersign/auth';
import {
  ConfigError,
  type CoreConfig,
  Database,
  type EmbeddedPostgres,
  EmbeddedPostgresError,
  isDatabaseUnavailable,
  type LoadedConfig,
  startEmbeddedPostgres,
} from '@countersign/core';
import { migrations } from '../../../migrations/index.js';
import { type AdminCredentials, firstAdministrator, keepForNextStart } from './admin-credentials.js';
import { loadAppConfig } from './config.js';
import { createApp } from './create-app.js';
import { environmentFrom } from './environment.js';
import { stopOnSignals } from './shutdown.js';
import { startScreen } from './start-screen.js';

/** Everything that a running process holds, in the order in which it was taken. */
interface Running {
  embedded?: EmbeddedPostgres;
  app?: NestFastifyApplication;
}

/**
 * Starts the service and keeps it running until a signal stops it.
 *
 * @param args command-line flags (`--role=…`)
 * @param env usually `process.env`
 */
export async function run(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const running: Running = {};
  let started: Promise<void> | undefined;
  stopOnSignals(async () => {
    // A signal during the start waits for it: half-started things could not be stopped.
    await started?.catch(() => undefined);
    await stop(running);
  });
  try {
    started = start(running, loadAppConfig(environmentFrom(args, env)));
    await started;
  } catch (error) {
    process.stderr.write(`\n${explain(error)}\n`);
    await stop(running);
    process.exit(1);
  }
}

async function start(running: Running, config: LoadedConfig): Promise<void> {
  const core = config.slices['core'] as CoreConfig;
  for (const warning of config.warnings) process.stderr.write(`${warning}\n`);
  if (core.databaseUrl === undefined) {
    running.embedded = await startEmbeddedPostgres({
      dataDir: core.dataDir,
      log: (line) => process.stderr.write(`${line}\n`),
    });
  }
  const databaseUrl = core.databaseUrl ?? running.embedded?.url ?? '';
  await Database.migrate(databaseUrl, migrations);
  const app = await createApp(config, databaseUrl);
  running.app = app;
  const administrator = await bootstrapAdministrator(app, config);
  await app.listen(core.port, core.host);
  if (core.production) {
    new Logger('Start').log(`Ready on ${core.host}:${core.port} as ${core.publicUrl}`);
    return;
  }
  process.stdout.write(
    startScreen({
      url: core.publicUrl,
      database: running.embedded === undefined ? 'DATABASE_URL' : `embedded PostgreSQL under ${core.dataDir}`,
      store:
        core.redis === undefined
          ? 'counted in this process (set REDIS_URL to share them)'
          : 'counted in Redis',
      administrator,
    }),
  );
}

async function bootstrapAdministrator(
  app: NestFastifyApplication,
  config: LoadedConfig,
): Promise<AdminCredentials | undefined> {
  const core = config.slices['core'] as CoreConfig;
  const administrator = firstAdministrator(core, config.slices['auth'] as AuthConfig);
  const result = await app
    .get(BootstrapAdmin)
    .run(administrator && { email: administrator.email, password: () => administrator.password });
  if (administrator !== undefined && administrator.random && result.outcome === 'made') {
    keepForNextStart(core, administrator);
  }
  return administrator;
}

async function stop({ app, embedded }: Running): Promise<void> {
  await app?.close();
  await embedded?.stop();
}

// What an operator can act on is said in a sentence; anything else is a bug and shows its stack.
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof EmbeddedPostgresError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') {
    return `Port ${port ?? ''} is taken by another program. Stop it, or choose another: PORT=3001 npm start`;
  }
  if (code === 'EACCES')
    return `Port ${port ?? ''} may not be used by this user. Choose one above 1023 with PORT.`;
  if (isDatabaseUnavailable(error))
    return `PostgreSQL cannot be reached (${error.message}). Check DATABASE_URL.`;
  if (STARTING_ERRORS.has(error.name)) return error.message;
  return error.stack ?? error.message;
}

const STARTING_ERRORS = new Set(['MasterKeyMismatch', 'EvictingRedis', 'FactorRegistryError']);
