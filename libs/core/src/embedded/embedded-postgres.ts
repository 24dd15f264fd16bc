import { join } from 'node:path';
import { clusterPlace, preparedDataDir } from './cluster-place.js';
import { databaseUrl, preparedCluster } from './cluster.js';
import { EmbeddedPostgresError, explained } from './embedded-postgres.error.js';
import { takeInstanceLock, type InstanceLock } from './instance-lock.js';
import { postgresBinaries } from './postgres-binaries.js';
import { disownReusedPid, startServer, stopServer, type Server } from './server.js';

/** A PostgreSQL of ours that takes connections. */
export interface EmbeddedPostgres {
  /** `postgres://…` with role, password and database. Secret: it holds the password. */
  readonly url: string;
  /** The TCP port on 127.0.0.1. */
  readonly port: number;
  /** Closes all connections, stops the server and gives the data folder up. Later calls join the first. */
  stop(): Promise<void>;
}

/** What an embedded PostgreSQL needs to know. */
export interface EmbeddedPostgresOptions {
  /** The folder for cluster, password and lock; made when missing. Relative paths count from the working directory. */
  readonly dataDir: string;
  /** Takes what an operator should read: first creation, a place elsewhere, a server left behind. No secrets. */
  readonly log: (line: string) => void;
}

/**
 * Starts the embedded PostgreSQL of a data folder, making it the first time, with real durability. As root it runs
 * in the name of another user. A server that an earlier, killed run left behind is stopped first.
 * @throws EmbeddedPostgresError for every failure, with what to do; a living process that uses the folder is named
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return explained(async () => {
    const dataDir = await preparedDataDir(options.dataDir);
    const lock = await soleUse(dataDir);
    try {
      return await startLocked(dataDir, lock, options.log);
    } catch (error) {
      await lock.release();
      throw error;
    }
  });
}

async function startLocked(
  dataDir: string,
  lock: InstanceLock,
  log: (line: string) => void,
): Promise<EmbeddedPostgres> {
  const place = await clusterPlace(dataDir, log);
  const binaries = await postgresBinaries(place.account, log);
  const server: Server = { binaries, cluster: place.cluster, account: place.account, settings: [] };
  const orphan = await stopServer(server);
  if (orphan !== undefined) log(`stopped a PostgreSQL (pid ${orphan}) that an earlier run left behind`);
  await disownReusedPid(place.cluster);
  const password = await preparedCluster(binaries, place, {
    passwordFile: join(dataDir, 'postgres.password'),
    durable: true,
    log,
  });
  const port = await startServer(server);
  let stopping: Promise<void> | undefined;
  return {
    url: databaseUrl(password, port),
    port,
    stop: () => {
      stopping ??= explained(async () => {
        await stopServer(server);
        await lock.release();
      });
      return stopping;
    },
  };
}

async function soleUse(dataDir: string): Promise<InstanceLock> {
  const outcome = await takeInstanceLock(dataDir);
  if (outcome.taken) return outcome.lock;
  throw new EmbeddedPostgresError(
    `${dataDir} is in use by the process with pid ${outcome.pid}, which runs Countersign already. ` +
      `Stop it first, or use another DATA_DIR, which is another database.`,
  );
}
