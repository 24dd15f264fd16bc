import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BootstrapAdmin } from '@countersign/auth';
import { TestClock } from '@countersign/core';
import { randomBytes } from 'node:crypto';
import { loadAppConfig } from '../../apps/api/src/config.js';
import { createApp } from '../../apps/api/src/create-app.js';
import { Client } from './client.js';
import { freshDatabase } from './database.js';

/** The whole service in this process, on a port and a database of its own, with a clock that tests move. */
export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly client: Client;
  readonly clock: TestClock;
  readonly databaseUrl: string;
  stop(): Promise<void>;
}

/** What a test application can be given. */
export interface TestAppOptions {
  /** Variables over the defaults below. */
  readonly env?: Readonly<Record<string, string>>;
  /** Shared by several applications where given. */
  readonly databaseUrl?: string;
  readonly masterKey?: string;
  readonly clock?: TestClock;
  /** Where it listens; any free port where absent. */
  readonly port?: number;
  /** Uses Redis where the run has one; `false` keeps to the in-process store. */
  readonly redis?: boolean;
}

// Wide enough for any test that is not about limits.
const WIDE_LIMITS = {
  RATE_LIMIT_LOGIN: '10000/15m',
  RATE_LIMIT_LOGIN_ADDRESS: '10000/15m',
  RATE_LIMIT_REGISTER: '10000/15m',
  RATE_LIMIT_DEFAULT: '10000/15m',
  RATE_LIMIT_VERIFY: '10000/15m',
  RATE_LIMIT_SEND: '10000/1h',
  RATE_LIMIT_MAIL: '10000/1h',
  RATE_LIMIT_SMS_NUMBER: '10000/1d',
  RATE_LIMIT_EMAIL_RECIPIENT: '10000/1d',
  EMAIL_DAILY_LIMIT: '100000',
  SMS_DAILY_LIMIT: '100000',
  SMS_COUNTRY_HOURLY_LIMIT: '100000',
  SMS_MIN_CONVERSION: '0',
};

/** The limits of the contract, for tests that are about them. */
export const CONTRACT_LIMITS = {
  RATE_LIMIT_LOGIN: '5/15m',
  RATE_LIMIT_LOGIN_ADDRESS: '50/15m',
  RATE_LIMIT_REGISTER: '5/15m',
  RATE_LIMIT_DEFAULT: '100/15m',
  RATE_LIMIT_VERIFY: '10/15m',
  RATE_LIMIT_SEND: '5/1h',
  RATE_LIMIT_MAIL: '3/1h',
};

/** Starts one. Stop it in `afterAll`. */
export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const databaseUrl = options.databaseUrl ?? (await freshDatabase());
  const clock = options.clock ?? new TestClock(new Date());
  const redisUrl = options.redis === false ? undefined : process.env['TEST_REDIS_URL'];
  const config = loadAppConfig({
    NODE_ENV: 'test',
    // Background work would mix into what tests count and compare; those about it ask for it.
    ROLE: 'api',
    DATABASE_URL: databaseUrl,
    MASTER_KEY: options.masterKey ?? randomBytes(32).toString('base64'),
    LOG_LEVEL: 'error',
    DATABASE_POOL_MAX: '8',
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    ...WIDE_LIMITS,
    ...options.env,
  });
  const app = await createApp(config, databaseUrl, clock);
  await app.get(BootstrapAdmin).run(undefined);
  await app.listen(options.port ?? 0, '127.0.0.1');
  return { app, client: new Client(await app.getUrl()), clock, databaseUrl, stop: () => app.close() };
}
