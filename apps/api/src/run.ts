import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type AuthConfig, BootstrapAdmin } from '@countersign/auth';
import { type CoreConfig, Database, type LoadedConfig } from '@countersign/core';
import type { DeliveryConfig } from '@countersign/delivery';
import { migrations } from '../../../migrations/index.js';
import { type AdminCredentials, FirstAdministrator } from './admin-credentials.js';
import { loadAppConfig } from './config.js';
import { createApp } from './create-app.js';
import { Drain } from './drain.js';
import { environmentFrom } from './environment.js';
import { openDatabase, type OpenDatabase } from './open-database.js';
import { HealthController } from './routes/health.controller.js';
import { stopOnSignals } from './shutdown.js';
import { explain, listenFailure } from './start-failure.js';
import { giveBackStartMemory } from './start-memory.js';
import { startScreen } from './start-screen.js';

const NO_ADMINISTRATOR =
  'There is no administrator: set BOOTSTRAP_ADMIN_EMAIL and BOOTSTRAP_ADMIN_PASSWORD for the next start, or make one ' +
  'with the command line (admin --email …).';

/** Everything that a running process holds, in the order in which it was taken. */
interface Running {
  database?: OpenDatabase;
  app?: NestFastifyApplication;
  drain?: Drain;
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
  let stopped: Promise<void> | undefined;
  const stopOnce = (): Promise<void> => (stopped ??= stop(running));
  stopOnSignals(async () => {
    // A signal during the start waits for it: half-started things could not be stopped.
    await started?.catch(() => undefined);
    await stopOnce();
  });
  try {
    started = start(running, loadAppConfig(environmentFrom(args, env)));
    await started;
  } catch (error) {
    process.stderr.write(`\n${explain(error)}\n`);
    await stopOnce();
    process.exit(1);
  }
}

async function start(running: Running, config: LoadedConfig): Promise<void> {
  const core = config.slices['core'] as CoreConfig;
  for (const warning of config.warnings) process.stderr.write(`${warning}\n`);
  const database = await openDatabase(core);
  running.database = database;
  await Database.migrate(database.url, migrations);
  const app = await createApp(config, database.url);
  running.app = app;
  running.drain = new Drain(app.getHttpServer());
  const administrator = await bootstrapAdministrator(app, config);
  await app.listen(core.port, core.host).catch((error: unknown) => {
    throw listenFailure(error, core.host, core.port);
  });
  giveBackStartMemory();
  if (core.production || core.role === 'worker') {
    new Logger('Start').log(`Ready on ${core.host}:${core.port} as ${core.publicUrl}`);
    return;
  }
  process.stdout.write(
    startScreen({
      url: core.publicUrl,
      database:
        database.embedded === undefined ? 'DATABASE_URL' : `embedded PostgreSQL under ${core.dataDir}`,
      store:
        core.redis === undefined
          ? 'counted in this process (set REDIS_URL to share them)'
          : 'counted in Redis',
      mailboxFor: mailboxFor(config.slices['delivery'] as DeliveryConfig),
      administrator,
    }),
  );
}

function mailboxFor({ smsVendors, smtp }: DeliveryConfig): string[] {
  return [...(smsVendors.length === 0 ? ['SMS'] : []), ...(smtp === undefined ? ['e-mail'] : [])];
}

async function bootstrapAdministrator(
  app: NestFastifyApplication,
  config: LoadedConfig,
): Promise<AdminCredentials | undefined> {
  const core = config.slices['core'] as CoreConfig;
  const first = FirstAdministrator.of(core, config.slices['auth'] as AuthConfig);
  const result = await app
    .get(BootstrapAdmin)
    .run(first && { email: first.email, password: () => first.password() });
  if (result.outcome === 'not-asked') new Logger('Start').warn(NO_ADMINISTRATOR);
  return first?.shown();
}

async function stop({ app, drain, database }: Running): Promise<void> {
  app?.get(HealthController).announceStop();
  await drain?.run();
  await app?.close();
  await database?.embedded?.stop();
}
