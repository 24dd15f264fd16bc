import { spawn } from 'node:child_process';
import { chown, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseUrl, preparedCluster } from './cluster.js';
import { canEnter, databaseAccount } from './database-account.js';
import { explained } from './embedded-postgres.error.js';
import type { EmbeddedPostgres } from './embedded-postgres.js';
import { postgresBinaries } from './postgres-binaries.js';
import { bareEnvironment, type Account } from './run-command.js';
import { startServer, type Server } from './server.js';
import { sharedPlace } from './shared-place.js';

/** Room for races between many clients. */
const ROOM = ['max_connections=200'];
/** Speed instead of durability. */
const FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', ...ROOM];

/** Waits until its standard input ends, which it does with the process that holds the other end. */
const CLEAN_UP = 'cat >/dev/null; "$1" stop -w -m immediate -D "$2"; rm -rf -- "$3"';

/**
 * Starts a PostgreSQL for tests: an empty database in a folder of its own below the system's temporary one, without
 * durability where nothing else is said. It stops and its folder is removed on `stop`, and also when this process dies
 * in whatever way.
 * @param options `log`: told what an operator should read, such as a copy of the binaries; `durable`: whether commits
 * wait for the disk, as PostgreSQL does by default
 * @throws EmbeddedPostgresError for every failure, with what to do
 */
export async function startThrowawayPostgres(options: {
  readonly log: (line: string) => void;
  readonly durable?: boolean;
}): Promise<EmbeddedPostgres> {
  return explained(async () => {
    const account = await databaseAccount();
    const binaries = await postgresBinaries(account, options.log);
    const folder = await temporaryFolder(account);
    const settings = options.durable === true ? ROOM : FAST;
    const server: Server = { binaries, cluster: join(folder, 'postgres'), account, settings };
    const stop = guarded(server, folder);
    try {
      const password = await preparedCluster(
        binaries,
        { folder, cluster: server.cluster, account },
        { passwordFile: join(folder, 'password'), durable: false, log: () => undefined },
      );
      const port = await startServer(server);
      return { url: databaseUrl(password, port), port, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  });
}

async function temporaryFolder(account: Account | undefined): Promise<string> {
  const usual = await realpath(tmpdir());
  const parent = (await canEnter(account, usual)) ? usual : await sharedPlace();
  const folder = await mkdtemp(join(parent, 'countersign-postgres-'));
  if (account !== undefined) await chown(folder, account.uid, account.gid);
  return folder;
}

/**
 * Sets a shell beside us, in a session of its own, that cleans up when our end of its pipe closes: when the returned
 * function is called, or when this process is gone.
 */
function guarded(server: Server, folder: string): () => Promise<void> {
  const guard = spawn('/bin/sh', ['-c', CLEAN_UP, 'sh', server.binaries.pgCtl, server.cluster, folder], {
    cwd: '/',
    detached: true,
    env: bareEnvironment(),
    stdio: ['pipe', 'ignore', 'ignore'],
    ...server.account,
  });
  // It must not keep this process alive: it waits for its end.
  guard.unref();
  const ended = new Promise<void>((resolve) => {
    guard.on('close', () => resolve());
    guard.on('error', () => resolve());
  });
  return async () => {
    guard.ref();
    guard.stdin.end();
    await ended;
    // Below the shared place only root may remove the folder itself.
    await rm(folder, { recursive: true, force: true });
  };
}
