import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { startThrowawayPostgres } from '../../dist/libs/core/src/embedded/throwaway-postgres.js';
import { ROOT } from '../../scripts/lib/repository.mjs';
import { startTestRedis } from '../../scripts/lib/test-redis.mjs';
import { startProgram } from './program.mjs';

const ENTRY = join(ROOT, 'dist/apps/api/src/main.js');
/** The same program before it is bundled: a profile tells which package a function is of. */
const IN_ITS_FILES = [
  '--input-type=module',
  '--eval',
  `import 'reflect-metadata'; import { run } from './dist/apps/api/src/run.js'; await run([], process.env);`,
];
const ADMINISTRATOR = { email: 'bench@example.com', password: 'correct horse battery staple bench' };

/** On, and so wide that they refuse nobody: each is counted in Redis as always. */
const WIDE = { limit: 999_999, window: '1m' };
const LIMITS = Object.fromEntries(
  ['LOGIN', 'LOGIN_ADDRESS', 'REGISTER', 'DEFAULT', 'VERIFY', 'SEND', 'MAIL'].map((name) => [
    `RATE_LIMIT_${name}`,
    `${WIDE.limit}/${WIDE.window}`,
  ]),
);

/** A PostgreSQL and a Redis of the benchmark's own, with PostgreSQL's defaults for fsync and synchronous_commit. */
export class Surroundings {
  #postgres;
  #redis;

  static async start() {
    const surroundings = new Surroundings();
    surroundings.#redis = await startTestRedis();
    if (surroundings.#redis === undefined) throw new Error('There is no Redis: apt-get install redis-server');
    surroundings.#postgres = await startThrowawayPostgres({ log: () => undefined, durable: true });
    return surroundings;
  }

  get redisUrl() {
    return this.#redis.url;
  }

  /** Makes a database. @returns its URL */
  async database() {
    const name = `bench_${randomBytes(4).toString('hex')}`;
    await this.#asAdministrator((client) => client.query(`CREATE DATABASE ${name}`));
    const url = new URL(this.#postgres.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  /** The version of the server. */
  async version() {
    return this.#asAdministrator(
      async (client) => (await client.query('SHOW server_version')).rows[0].server_version,
    );
  }

  async stop() {
    await Promise.all([this.#postgres?.stop(), this.#redis?.stop()]);
  }

  async #asAdministrator(work) {
    const client = new pg.Client({ connectionString: this.#postgres.url });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}

/** A database with a master key, and how services and floors are started on it. */
export class World {
  masterKey = randomBytes(32).toString('base64');
  /** A folder for the CPU profiles of services, or none. */
  profiles;

  constructor(surroundings, databaseUrl) {
    this.surroundings = surroundings;
    this.databaseUrl = databaseUrl;
  }

  /** Makes a migrated database with an administrator, by starting the service once. */
  static async make(surroundings) {
    const world = new World(surroundings, await surroundings.database());
    const service = await world.service();
    await service.stop();
    return world;
  }

  /** Starts the service as in production. */
  service(env = {}) {
    const command =
      this.profiles === undefined
        ? [ENTRY]
        : ['--cpu-prof', '--cpu-prof-dir', this.profiles, ...IN_ITS_FILES];
    return startProgram(command, {
      cwd: ROOT,
      env: {
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PUBLIC_URL: 'https://auth.example.com',
        DATABASE_URL: this.databaseUrl,
        REDIS_URL: this.surroundings.redisUrl,
        MASTER_KEY: this.masterKey,
        BOOTSTRAP_ADMIN_EMAIL: ADMINISTRATOR.email,
        BOOTSTRAP_ADMIN_PASSWORD: ADMINISTRATOR.password,
        ADMIN_REQUIRE_SECOND_FACTOR: 'false',
        LOG_LEVEL: 'warn',
        ...LIMITS,
        ...env,
      },
    });
  }

  /** Starts a floor program. */
  floor(name) {
    return startProgram([join(import.meta.dirname, `../floors/${name}.mjs`)], {
      ready: '/ready',
      env: { DATABASE_URL: this.databaseUrl, REDIS_URL: this.surroundings.redisUrl },
    });
  }

  /** An API key for everything. @param {{ limit: number, windowSeconds: number }} rateLimit its own limit */
  async apiKey(service, rateLimit = { limit: 1_000_000, windowSeconds: 1 }) {
    const scopes = [
      'users:read',
      'users:write',
      'factors:read',
      'factors:write',
      'challenges:write',
      'events:read',
    ];
    const token = await this.administrator(service);
    return (await called(service, '/v1/api-keys', { name: 'bench', scopes, rateLimit }, token)).key;
  }

  /** An access token of the administrator. */
  async administrator(service) {
    return (await called(service, '/v1/auth/login', ADMINISTRATOR)).accessToken;
  }

  /** Runs statements. */
  async sql(text, values = []) {
    const client = new pg.Client({ connectionString: this.databaseUrl });
    await client.connect();
    try {
      return (await client.query(text, values)).rows;
    } finally {
      await client.end();
    }
  }
}

/** Posts JSON. @throws for anything but a 2xx */
export async function called(service, path, body, token) {
  const response = await fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status} ${await response.text()}`);
  return response.json();
}
