import { spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  isAlive,
  postgresPid,
  type ProcessOptions,
  ROOT,
  startProcess,
} from '../factories/process.js';
import { codeOf, liveOneLife, type Told, verifyLogin, WIDE_LIMITS } from '../factories/traffic.js';

const ORDINARY = 65534;
const isRoot = process.getuid?.() === 0;
// A clone below a folder that only root may enter cannot be used by anybody else.
const ordinaryMayEnter =
  isRoot &&
  spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', ROOT], { uid: ORDINARY, gid: ORDINARY }).status === 0;

const START = [process.execPath, join(ROOT, 'scripts/start.mjs')] as const;

/** Two starts and some forty password hashes, on a machine that does other things too. */
const LONG = { timeout: 60_000 };

const STACK = /^\s+at .+:\d+/m;

describe('npm start', () => {
  let folder: string;
  let dataDir: string;
  let shownBefore: object;
  const started: { stop(signal: NodeJS.Signals): Promise<unknown>; pid: number }[] = [];

  const start = async (options: ProcessOptions = {}) => {
    const product = await startProcess({
      command: START,
      ...options,
      env: { DATA_DIR: dataDir, ...WIDE_LIMITS, ...options.env },
    });
    started.push(product);
    return product;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-start-'));
    await chmod(folder, 0o755);
    dataDir = join(folder, 'data');
  });
  afterEach(async () => {
    for (const product of started.splice(0)) if (isAlive(product.pid)) await product.stop('SIGTERM');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('stops in order when a signal comes while it is starting', async () => {
    const product = await start();
    await product.says('creating a PostgreSQL cluster');
    const { code, signal } = await product.stop();
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(postgresPid(dataDir)).toBeUndefined();
  });

  it('serves from any folder through npm and stops on Ctrl-C with the database stopped too', async () => {
    const product = await start({ command: ['npm', '--prefix', ROOT, 'start'], cwd: tmpdir() });
    await product.ready();
    await product.says('Ctrl-C stops everything');
    shownBefore = administratorOn(product.output());
    const postgres = postgresPid(dataDir) ?? 0;
    expect(isAlive(postgres)).toBe(true);
    product.interruptGroup();
    const { code } = await product.ended;
    expect(code).toBe(0);
    expect(isAlive(postgres)).toBe(false);
    expect(postgresPid(dataDir)).toBeUndefined();
  });

  it('shows the same administrator as before, with a password that works, and refuses a rival by its pid', async () => {
    const first = await start();
    await first.says('Ctrl-C stops everything');
    const administrator = administratorOn(first.output());
    expect(administrator).toEqual(shownBefore);
    const login = await first.client.post('/v1/auth/login', administrator);
    expect(login.status).toBe(200);
    expect(login.body.user).toMatchObject({ email: administrator.email, role: 'admin' });

    const { code, output } = await (await start()).ended;
    expect(code).toBe(1);
    expect(output).toContain(`is in use by the process with pid ${first.pid}`);
    expect(output).not.toMatch(STACK);
    expect((await first.client.get('/health')).status).toBe(200);
  });

  describe('on a taken port', () => {
    let squatter: Server;
    let port: number;
    beforeAll(async () => {
      squatter = createServer((_request, response) => response.writeHead(503).end());
      await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
      const address = squatter.address();
      port = typeof address === 'object' && address !== null ? address.port : 0;
    });
    afterAll(() => squatter.close());

    it('names the port and another way, and leaves no database behind', async () => {
      const { code, output } = await (await start({ port })).ended;
      expect(code).toBe(1);
      expect(output).toContain(`Port ${port} is taken`);
      expect(output).toContain('PORT=');
      expect(output).not.toMatch(STACK);
      expect(postgresPid(dataDir)).toBeUndefined();
    });
  });

  it(
    'keeps everything that was answered, and every spent code spent, when all of it is killed under load',
    LONG,
    async () => {
      const product = await (await start()).ready();
      const told: Told[] = [];
      const workers = Array.from({ length: 4 }, () => liveUntilTheEnd(product.client, told));
      await eventually(() => told.filter(({ spent }) => spent.length === 2).length >= 8);
      const postgres = postgresPid(dataDir) ?? 0;
      await Promise.all([product.stop('SIGKILL'), killed(postgres)]);
      await Promise.all(workers);

      const again = await (await start()).ready();
      for (const account of told) {
        const refreshed = await again.client.post('/v1/auth/refresh', { refreshToken: account.refreshToken });
        expect(refreshed.status, `${account.login.email} refreshes`).toBe(200);
        if (account.totp === undefined) {
          // The activation may have been committed although nobody was told.
          const login = await again.client.post('/v1/auth/login', account.login);
          expect(login.status).toBe(200);
          continue;
        }
        for (const code of account.spent) {
          expect((await verifyLogin(again.client, account.login, code)).status, 'a spent code').toBe(422);
        }
        const fresh = await verifyLogin(again.client, account.login, codeOf(account.totp, 1));
        expect(fresh.status, `${account.login.email} logs in`).toBe(200);
      }
    },
  );

  it.runIf(ordinaryMayEnter)('serves an ordinary user, and stops on SIGINT', async () => {
    const own = join(folder, 'ordinary');
    await mkdir(own);
    await chown(own, ORDINARY, ORDINARY);
    const product = await start({
      cwd: '/',
      uid: ORDINARY,
      env: { DATA_DIR: join(own, 'data'), HOME: own },
    });
    await product.ready();
    expect((await product.client.get('/health')).status).toBe(200);
    const { code } = await product.stop('SIGINT');
    expect(code).toBe(0);
    expect(postgresPid(join(own, 'data'))).toBeUndefined();
  });
});

function administratorOn(screen: string): { email: string; password: string } {
  const email = /^ {2}Administrator +(\S+)$/m.exec(screen)?.[1] ?? '';
  const password = /^ {2}Password +(\S+)$/m.exec(screen)?.[1] ?? '';
  return { email, password };
}

async function liveUntilTheEnd(client: Parameters<typeof liveOneLife>[0], told: Told[]): Promise<void> {
  for (;;) {
    try {
      await liveOneLife(client, told);
    } catch (error) {
      // fetch's way to say that the process is gone; anything else is an answer that should not have been.
      if (error instanceof TypeError) return;
      throw error;
    }
  }
}

async function killed(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await eventually(() => !isAlive(pid));
}
