import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAppConfig } from '../../apps/api/src/config.js';
import { createApp } from '../../apps/api/src/create-app.js';
import { explain } from '../../apps/api/src/start-failure.js';
import { freshDatabase } from '../factories/database.js';
import { type Dependency, hasRedisServer, ownRedis } from '../factories/dependencies.js';
import { type Ending, type ProductProcess, runProcess, startProcess } from '../factories/process.js';
import { liveOneLife, type Told } from '../factories/traffic.js';

const STACK = /^\s+at .+:\d+/m;

describe('a start in production', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-production-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is refused with every fault at once, each by its name, and nothing else', async () => {
    const ending = await runProcess({
      env: {
        NODE_ENV: 'production',
        PORT: '3000x',
        RATE_LIMIT_LOGIN: 'off',
        RATE_LIMIT_PASSWORD_FAILURES: 'off',
        ALLOW_IN_PRODUCTION: 'mailbox',
        ACCESS_TOKEN_TTL: 'soon',
        MASTERKEY: 'a mistyped name',
      },
    });
    expectRefusal(ending);
    const lines = ending.output.trim().split('\n');
    expect(lines.map((line) => line.trim().split(/[: ]/, 1)[0]).sort()).toEqual([
      ...['ACCESS_TOKEN_TTL', 'ALLOW_IN_PRODUCTION', 'DATABASE_URL', 'MASTERKEY', 'MASTER_KEY', 'PORT'],
      ...['PUBLIC_URL', 'RATE_LIMIT_LOGIN', 'RATE_LIMIT_PASSWORD_FAILURES', 'REDIS_URL', 'The'],
    ]);
  });

  describe.runIf(hasRedisServer)('with everything in its place', () => {
    const password = `operator ${randomBytes(9).toString('hex')}`;
    const masterKey = randomBytes(32).toString('base64');
    let redis: Dependency;
    let env: Record<string, string>;
    let product: ProductProcess;

    beforeAll(async () => {
      redis = await ownRedis();
      const [keyFile, passwordFile] = [join(folder, 'master-key'), join(folder, 'password')];
      await writeFile(keyFile, `${masterKey}\n`);
      await writeFile(passwordFile, `${password}\n`);
      env = {
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PUBLIC_URL: 'https://auth.example.com',
        DATABASE_URL: await freshDatabase(),
        REDIS_URL: redis.url,
        MASTER_KEY_FILE: keyFile,
        BOOTSTRAP_ADMIN_EMAIL: 'operator@example.com',
        BOOTSTRAP_ADMIN_PASSWORD_FILE: passwordFile,
        RATE_LIMIT_LOGINS: '5/15m',
      };
      product = await (
        await startProcess({ env, command: ['npm', 'run', '--silent', 'start:prod'] })
      ).ready();
    });
    afterAll(async () => {
      await product.stop();
      await redis.remove();
    });

    it('serves, with secrets from files, the first administrator, and a word on a mistyped name', async () => {
      expect((await product.client.get('/health/ready')).status).toBe(200);
      const login = await product.client.post('/v1/auth/login', { email: 'operator@example.com', password });
      expect(login).toMatchObject({ status: 200, body: { user: { role: 'admin' } } });
      expect(product.output()).toContain('RATE_LIMIT_LOGINS is not known; did you mean RATE_LIMIT_LOGIN?');
    });

    it('logs JSON in which no secret of a whole login is', async () => {
      const told: Told[] = [];
      await liveOneLife(product.client, told);
      const [account] = told;
      if (account?.totp === undefined) throw new Error('nothing was enrolled');
      await product.says('"route":"/v1/auth/refresh"');
      const secrets = [
        ...[password, masterKey, new URL(env['DATABASE_URL'] ?? '').password],
        ...[account.login.password, account.login.email, account.accessToken, account.refreshToken],
        ...[account.totp.secret.base32, ...account.spent],
      ].filter((secret) => secret !== '');
      const lines = product.output().trim().split('\n');
      for (const secret of secrets) expect(lines.filter((line) => line.includes(secret))).toEqual([]);
      const logged = lines.filter((line) => !line.startsWith('RATE_LIMIT_LOGINS'));
      expect(logged.length).toBeGreaterThan(5);
      for (const line of logged) expect(() => JSON.parse(line) as unknown, line).not.toThrow();
    });

    it('is refused under another master key than the database was sealed with', async () => {
      const { MASTER_KEY_FILE: _file, ...rest } = env;
      const ending = await runProcess({
        env: { ...rest, MASTER_KEY: randomBytes(32).toString('base64') },
      });
      expectRefusal(ending);
      expect(ending.output).toContain('MASTER_KEY does not open this database');
    });

    it('is refused where PostgreSQL is away, or lets nobody of that name in', async () => {
      const stranger = new URL(env['DATABASE_URL'] ?? '');
      // A name that no server knows, because some ask their own network for no password.
      stranger.username = 'nobody_of_that_name';
      stranger.password = 'hidden-word';
      for (const url of ['postgres://countersign:hidden-word@127.0.0.1:1/countersign', stranger.href]) {
        const reason = await refusal({ ...env, DATABASE_URL: url });
        expect(reason).toMatch(/^DATABASE_URL: PostgreSQL cannot be used \(.+\)\. /);
        expect(reason).not.toContain('hidden-word');
      }
    });

    it('is refused where Redis drops keys when its memory is full', async () => {
      const evicting = await ownRedis('allkeys-lru');
      try {
        const reason = await refusal({ ...env, REDIS_URL: evicting.url });
        expect(reason).toMatch(/maxmemory-policy allkeys-lru.*noeviction/);
      } finally {
        await evicting.remove();
      }
    });
  });
});

/** What an operator is told of a start in this process, which must not succeed. */
async function refusal(env: Record<string, string>): Promise<string> {
  const config = loadAppConfig({ ...env, LOG_LEVEL: 'silent' });
  const started = createApp(config, env['DATABASE_URL'] ?? '');
  return started.then(
    async (app) => {
      await app.close();
      return 'it started';
    },
    (error: unknown) => explain(error),
  );
}

function expectRefusal({ code, signal, output }: Ending): void {
  expect({ code, signal }, output).toEqual({ code: 1, signal: null });
  expect(output).not.toMatch(STACK);
}
