import { spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Database } from '@countersign/core';
import { startThrowawayPostgres } from '../../libs/core/src/embedded/throwaway-postgres.js';
import { migrations } from '../../migrations/index.js';
import { eventually, freePort, isAlive } from './process.js';
import { sql } from './sql.js';

// Programs of the machine, not of a package.
const REDIS_SERVER = 'redis-server';
const REDIS_CLI = 'redis-cli';
const MOUNT = 'mount';
const UNMOUNT = 'umount';

/** A server that a test may do anything to. */
export interface Dependency {
  readonly url: string;
  /** Ends it; it keeps its port for `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Freezes it: connections are taken by the kernel and never answered. */
  pause(): void;
  resume(): void;
  /** Ends it for good and removes what it kept. */
  remove(): Promise<void>;
}

/** A PostgreSQL that a test may give other settings, too. */
export interface OwnPostgres extends Dependency {
  /** The account that its files belong to. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Ends it and starts it with settings such as `max_connections=10`. */
  restart(settings: readonly string[]): Promise<void>;
}

/** A PostgreSQL of the test's own, with a migrated, empty database. */
export async function ownPostgres(): Promise<OwnPostgres> {
  const server = await startThrowawayPostgres({ log: () => undefined });
  await Database.migrate(server.url, migrations);
  const [setting] = await sql<{ data_directory: string }>(server.url, 'SHOW data_directory');
  const folder = setting?.data_directory ?? '';
  const { uid, gid } = statSync(folder);
  const commandLine = readFileSync(join(folder, 'postmaster.opts'), 'utf8').trim();
  const postmaster = (): number =>
    Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const paused: number[] = [];
  const resume = (): void => {
    for (const pid of paused.splice(0).reverse()) process.kill(pid, 'SIGCONT');
  };
  const stop = async (): Promise<void> => {
    const pid = postmaster();
    // A fast shutdown: connections are closed, what is committed stays.
    process.kill(pid, 'SIGINT');
    await eventually(() => !isAlive(pid));
  };
  const start = async (settings: readonly string[] = []): Promise<void> => {
    const more = settings.map((setting) => ` -c ${setting}`).join('');
    const child = spawn('/bin/sh', ['-c', `exec ${commandLine}${more}`], {
      cwd: '/',
      stdio: 'ignore',
      detached: true,
      ...(process.getuid?.() === 0 ? { uid, gid } : {}),
    });
    child.unref();
    await eventually(() => sql(server.url, 'SELECT 1').then(Boolean, () => false));
  };
  return {
    url: server.url,
    owner: { uid, gid },
    stop,
    start: () => start(),
    async restart(settings) {
      await stop();
      await start(settings);
    },
    pause() {
      const pid = postmaster();
      // First the one that makes others.
      process.kill(pid, 'SIGSTOP');
      const children = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' }).stdout;
      const backends = children.trim().split(/\s+/).map(Number);
      for (const backend of backends) process.kill(backend, 'SIGSTOP');
      paused.push(pid, ...backends);
    },
    resume,
    async remove() {
      resume();
      await server.stop();
    },
  };
}

/** A disk of a few megabytes. */
export interface SmallDisk {
  readonly folder: string;
  /** Lets a PostgreSQL write to it. */
  giveTo(postgres: OwnPostgres): void;
  /** Leaves no room on it. */
  fill(): void;
  /** Takes away what filled it. */
  free(): void;
  remove(): void;
}

/** Whether this account may mount a disk on this machine. */
export const mayMount = (() => {
  try {
    smallDisk().remove();
    return true;
  } catch {
    return false;
  }
})();

/** Mounts a disk in memory. */
export function smallDisk(): SmallDisk {
  // Not below a directory that only root may enter.
  const folder = mkdtempSync('/var/tmp/countersign-disk-');
  const { status } = spawnSync(MOUNT, ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
  if (status !== 0) {
    rmdirSync(folder);
    throw new Error('Nothing can be mounted here');
  }
  const filler = join(folder, 'filler');
  return {
    folder,
    giveTo: ({ owner }) => chownSync(folder, owner.uid, owner.gid),
    fill() {
      const file = openSync(filler, 'w');
      try {
        for (;;) writeSync(file, Buffer.alloc(4_096));
      } catch {
        // There is no room any more.
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler),
    remove() {
      spawnSync(UNMOUNT, ['-l', folder]);
      rmdirSync(folder);
    },
  };
}

/** Whether the machine has a Redis to run. */
export const hasRedisServer = spawnSync(REDIS_SERVER, ['--version']).status === 0;

/** A Redis of the test's own, which keeps nothing on disk. @param options of its command line */
export async function ownRedis(
  policy = 'noeviction',
  options: readonly string[] = [],
): Promise<Dependency & { readonly port: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-redis-'));
  const port = await freePort();
  let pid = 0;
  const start = async (): Promise<void> => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
    const child = spawn(
      REDIS_SERVER,
      [...args, '--save', '', '--appendonly', 'no', '--maxmemory-policy', policy, ...options],
      { stdio: 'ignore' },
    );
    pid = child.pid ?? 0;
    await eventually(() => accepts(port));
  };
  const stop = async (): Promise<void> => {
    process.kill(pid, 'SIGCONT');
    process.kill(pid, 'SIGKILL');
    await eventually(() => !isAlive(pid));
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    start,
    stop,
    pause: () => process.kill(pid, 'SIGSTOP'),
    resume: () => process.kill(pid, 'SIGCONT'),
    async remove() {
      if (isAlive(pid)) await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A Redis Cluster of three primaries. */
export async function ownRedisCluster(): Promise<{
  readonly url: string;
  readonly nodes: readonly Dependency[];
  /** The node that has the keys with a text in braces. */
  nodeOf(text: string): Dependency | undefined;
  remove(): Promise<void>;
}> {
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
  const nodes = await Promise.all([1, 2, 3].map(() => ownRedis('noeviction', options)));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const created = spawnSync(
    REDIS_CLI,
    ['--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes'],
    { encoding: 'utf8' },
  );
  if (created.status !== 0) throw new Error(`redis-cli: ${created.stdout}${created.stderr}`);
  await eventually(() =>
    nodes.every(({ port }) =>
      spawnSync(REDIS_CLI, ['-p', String(port), 'cluster', 'info'], { encoding: 'utf8' }).stdout.includes(
        'cluster_state:ok',
      ),
    ),
  );
  return {
    url: `redis://${addresses.join(',')}`,
    nodes,
    nodeOf(text) {
      const { stdout } = spawnSync(REDIS_CLI, ['-p', String(nodes[0]?.port), 'cluster', 'keyslot', text], {
        encoding: 'utf8',
      });
      // Each has a third of the 16,384 slots, in order.
      return nodes[Math.min(2, Math.floor((Number(stdout) * 3) / 16_384))];
    },
    async remove() {
      await Promise.all(nodes.map((node) => node.remove()));
    },
  };
}

const NOBODY = { uid: 65_534, gid: 65_534 };

// Debian's.
const PGBOUNCER = '/usr/sbin/pgbouncer';

/** Whether the machine has a PgBouncer to run. */
export const hasPgBouncer = existsSync(PGBOUNCER);

/**
 * A PgBouncer of the test's own, in transaction mode, before the run's PostgreSQL.
 * @param poolSize connections to PostgreSQL that all clients share
 * @returns what reaches a database through it
 */
export async function ownPgBouncer(poolSize: number): Promise<{
  through(databaseUrl: string): string;
  remove(): Promise<void>;
}> {
  const server = new URL(process.env['TEST_DATABASE_URL'] ?? '');
  const folder = await mkdtemp(join(tmpdir(), 'countersign-pgbouncer-'));
  const port = await freePort();
  const user = decodeURIComponent(server.username);
  const file = (name: string, lines: readonly string[]): Promise<void> =>
    writeFile(join(folder, name), `${lines.join('\n')}\n`);
  await file('users.txt', [`"${user}" "${decodeURIComponent(server.password)}"`]);
  await file('pgbouncer.ini', [
    '[databases]',
    `* = host=${server.hostname} port=${server.port || '5432'}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'pool_mode = transaction',
    `default_pool_size = ${poolSize}`,
    'max_client_conn = 500',
    'auth_type = trust',
    `auth_file = ${join(folder, 'users.txt')}`,
  ]);
  // It refuses to be root.
  const root = process.getuid?.() === 0;
  if (root) await chown(folder, NOBODY.uid, NOBODY.gid);
  const child = spawn(PGBOUNCER, [join(folder, 'pgbouncer.ini')], {
    stdio: 'ignore',
    cwd: '/',
    ...(root ? NOBODY : {}),
  });
  await eventually(() => accepts(port));
  return {
    through: (databaseUrl) => {
      const url = new URL(databaseUrl);
      url.hostname = '127.0.0.1';
      url.port = String(port);
      return url.href;
    },
    async remove() {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Empties a Redis, as a restart of one that keeps nothing does. */
export async function flush({ url }: Dependency): Promise<void> {
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
