import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { eventually, freePort, isAlive, ROOT } from './process.js';
import { sql } from './sql.js';

// Debian's. The embedded PostgreSQL comes without pg_dump and pg_restore.
const VERSIONS = '/usr/lib/postgresql';
const NEEDED = ['initdb', 'postgres', 'pg_dump', 'pg_restore'];
const NOBODY = { uid: 65_534, gid: 65_534 };

/** Where the machine has a whole PostgreSQL; `undefined` where it has none. */
export const machinePostgres = (existsSync(VERSIONS) ? readdirSync(VERSIONS) : [])
  .map((version) => join(VERSIONS, version, 'bin'))
  .find((folder) => NEEDED.every((program) => existsSync(join(folder, program))));

/** A cluster of the test's own, of the machine's PostgreSQL. */
export interface MachineCluster {
  /** A new, empty database. */
  database(name: string): Promise<string>;
  remove(): Promise<void>;
}

/** Makes one, and starts it. */
export async function machineCluster(): Promise<MachineCluster> {
  const folder = mkdtempSync('/var/tmp/countersign-cluster-');
  // PostgreSQL refuses to be root.
  const account = process.getuid?.() === 0 ? NOBODY : {};
  if ('uid' in account) chownSync(folder, NOBODY.uid, NOBODY.gid);
  const cluster = join(folder, 'cluster');
  run('initdb', ['--pgdata', cluster, '--username', 'postgres', '--auth', 'trust', '--no-sync'], account);
  const port = await freePort();
  const child = spawn(
    join(machinePostgres ?? '', 'postgres'),
    [
      ...['-D', cluster, '-p', String(port), '-h', '127.0.0.1', '-c', 'unix_socket_directories='],
      ...['-c', 'fsync=off', '-c', 'logging_collector=off'],
    ],
    { cwd: '/', stdio: 'ignore', ...account },
  );
  const url = (name: string): string => `postgres://postgres@127.0.0.1:${port}/${name}`;
  await eventually(() => sql(url('postgres'), 'SELECT 1').then(Boolean, () => false));
  return {
    async database(name) {
      await sql(url('postgres'), `CREATE DATABASE ${name}`);
      return url(name);
    },
    async remove() {
      child.kill('SIGQUIT');
      await eventually(() => !isAlive(child.pid ?? 0));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A shell block of docs/backup.md. */
type DocumentedBlock = 'pg_dump' | 'pg_restore' | 'after-restore';

/**
 * Runs a shell block of docs/backup.md, in a folder that holds the backup or will.
 * @returns what it has written
 */
export function runDocumented(
  block: DocumentedBlock,
  folder: string,
  env: Readonly<Record<string, string>>,
): string {
  const page = readFileSync(join(ROOT, 'docs/backup.md'), 'utf8');
  const blocks = [...page.matchAll(/^ *```bash\n(.*?)^ *```$/gms)].map(([, text = '']) => text);
  const text = blocks.find((one) => one.includes(block));
  if (text === undefined) throw new Error(`docs/backup.md does not say how to ${block}`);
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-ec', `cd "$FOLDER"\n${text}`], {
    encoding: 'utf8',
    env: {
      ...env,
      FOLDER: block === 'after-restore' ? ROOT : folder,
      PATH: `${machinePostgres ?? ''}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    },
  });
  if (status !== 0) throw new Error(`${block}: ${stderr}`);
  return stdout;
}

function run(program: string, args: readonly string[], account: { uid?: number; gid?: number } = {}): void {
  const { status, stderr } = spawnSync(join(machinePostgres ?? '', program), args, {
    cwd: '/',
    encoding: 'utf8',
    ...account,
  });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}
