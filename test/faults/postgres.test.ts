import { isDatabaseUnavailable, parseToken } from '@countersign/core';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { passwordLogin } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import {
  mayMount,
  type OwnPostgres,
  ownPostgres,
  type SmallDisk,
  smallDisk,
} from '../factories/dependencies.js';
import { atOnce } from '../factories/pair.js';
import { logIn, type PersonWithTotp, register, registerWithTotp } from '../factories/people.js';
import { eventually } from '../factories/process.js';
import { eventsOf, sql } from '../factories/sql.js';
import { type Timed, timed } from '../factories/timed.js';
import { boundSilence } from '../../libs/core/src/database/bounded-silence.js';

// The bound of security.md, and what a busy machine adds to it.
const LONGEST_MS = 5_000 + 2_000;

describe('a PostgreSQL', () => {
  let postgres: OwnPostgres;
  let world: TestApp;
  let person: PersonWithTotp;

  beforeAll(async () => {
    postgres = await ownPostgres();
    world = await startTestApp({ databaseUrl: postgres.url });
    person = await registerWithTotp(world);
  });
  afterAll(async () => {
    postgres.resume();
    await world.stop();
    await postgres.remove();
  });

  const faults = [
    { fault: 'stopped', begin: () => postgres.stop(), end: () => postgres.start() },
    { fault: 'hung', begin: async () => postgres.pause(), end: async () => postgres.resume() },
  ];

  it.each(faults)(
    'that is $fault costs a bounded 503, and is missed no longer than it is away',
    async ({ begin, end }) => {
      const { accessToken, refreshToken } = await logIn(world, person);
      // All connections are there, so that statements reach what hangs.
      await atOnce(8, () => world.client.get('/v1/me/factors', { token: accessToken }));
      await begin();
      const refreshed = await underWay(timed(world.client.post('/v1/auth/refresh', { refreshToken })));
      // What was remembered of applications is past its time too.
      world.clock.advance(6_000);
      const asked: Promise<Timed>[] = [
        refreshed.answer,
        timed(world.client.post('/v1/auth/login', { email: person.email, password: person.password })),
        timed(
          world.client.post('/v1/auth/register', {
            email: 'new@example.com',
            password: 'a very long phrase 1',
          }),
        ),
        // Some of them are looked up together, and some wait for that.
        ...Array.from({ length: 12 }, () => timed(world.client.get('/v1/me', { token: accessToken }))),
        timed(world.client.post('/v1/me/factors', { type: 'totp' }, { token: accessToken })),
        timed(world.client.delete(`/v1/me/factors/${person.factorId}`, { token: accessToken })),
      ];
      for (const { answer, ms } of await Promise.all(asked)) {
        expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
        expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
        expect(ms).toBeLessThan(LONGEST_MS);
      }
      const [readiness, health] = await Promise.all([
        timed(world.client.get('/health/ready')),
        timed(world.client.get('/health')),
      ]);
      for (const { answer, ms } of [readiness, health]) {
        expect(answer).toMatchObject({ status: 503, body: { checks: { database: 'unavailable' } } });
        expect(ms).toBeLessThan(LONGEST_MS);
      }
      expect((await world.client.get('/health/live')).status).toBe(200);

      await end();
      await eventually(async () => (await world.client.get('/health/ready')).status === 200);
      await nothingUnderWay(postgres.url);
      expect(await rotations(postgres.url, refreshToken)).toBe(0);
      expect((await world.client.get('/v1/me', { token: accessToken })).status).toBe(200);
      world.clock.advance(30_000);
      await logIn(world, person);
    },
  );

  it('that hangs after the connection was idle is not waited for either', async () => {
    const pool = new pg.Pool({
      connectionString: postgres.url,
      max: 1,
      onConnect: (client) => void boundSilence(client as pg.Client, 200),
    });
    pool.on('error', () => undefined);
    try {
      const client = await pool.connect();
      await once(client.connection.stream, 'timeout');
      expect((await client.query('SELECT 1')).rows).toHaveLength(1);
      client.release();
      await expect(pool.query('SELECT pg_sleep(10)')).rejects.toSatisfy(isDatabaseUnavailable);
      expect((await pool.query('SELECT 1')).rows).toHaveLength(1);
    } finally {
      await pool.end();
    }
  });

  it('that restarts between two requests is not noticed by the second', async () => {
    await register(world);
    await postgres.stop();
    await postgres.start();
    await register(world);
  });
});

describe('a PostgreSQL without a connection to spare', () => {
  let postgres: OwnPostgres;
  let world: TestApp;
  beforeAll(async () => {
    postgres = await ownPostgres();
    await postgres.restart(['max_connections=24']);
    world = await startTestApp({ databaseUrl: postgres.url, env: { DATABASE_POOL_MAX: '4' } });
  });
  afterAll(async () => {
    await world.stop();
    await postgres.remove();
  });

  it('costs a bounded 503 until one is free', async () => {
    const person = await register(world);
    const others: pg.Client[] = [];
    const takeAll = async (): Promise<void> => {
      for (;;) {
        const client = new pg.Client({ connectionString: postgres.url });
        client.on('error', () => undefined);
        try {
          await client.connect();
          others.push(client);
        } catch {
          return;
        }
      }
    };
    await takeAll();
    // What the service had open is closed under it, and taken by the others too.
    await others[0]?.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'countersign%'`,
    );
    await takeAll();
    const refused = await timed(passwordLogin(world, person));
    expect(refused.answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(refused.answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(refused.ms).toBeLessThan(LONGEST_MS);
    expect((await world.client.get('/health/live')).status).toBe(200);
    expect((await world.client.get('/health/ready')).status).toBe(503);
    await Promise.all(others.map((client) => client.end()));
    await eventually(async () => (await world.client.get('/health/ready')).status === 200);
    expect((await passwordLogin(world, person)).status).toBe(200);
  });
});

describe('a lock that somebody holds', () => {
  const POOL = 4;
  const masterKey = randomBytes(32).toString('base64');
  let world: TestApp;
  let holder: pg.Client;
  beforeAll(async () => {
    world = await startTestApp({ masterKey, env: { DATABASE_POOL_MAX: String(POOL) } });
    holder = new pg.Client({ connectionString: world.databaseUrl, application_name: 'holder' });
    await holder.connect();
  });
  afterAll(async () => {
    await holder.end();
    await world.stop();
  });

  const backends = async (): Promise<number> => {
    const [counted] = await sql<{ count: number }>(
      world.databaseUrl,
      `SELECT count(*)::integer AS count FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'countersign%'`,
    );
    return counted?.count ?? 0;
  };

  it('costs bounded 503s, never more back ends than the pool has, and nothing that is committed later', async () => {
    const { refreshToken } = await register(world);
    await holder.query('BEGIN; LOCK TABLE sessions');
    try {
      for (let round = 0; round < 2; round += 1) {
        const asked = await atOnce(3 * POOL, () =>
          timed(world.client.post('/v1/auth/refresh', { refreshToken })),
        );
        for (const { answer, ms } of asked) {
          expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
          expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
          expect(ms).toBeLessThan(LONGEST_MS);
        }
        expect(await backends()).toBeLessThanOrEqual(POOL);
      }
    } finally {
      await holder.query('ROLLBACK');
    }
    await nothingUnderWay(world.databaseUrl);
    expect(await rotations(world.databaseUrl, refreshToken)).toBe(0);
    expect((await world.client.post('/v1/auth/refresh', { refreshToken })).status).toBe(200);
  });

  it('that PostgreSQL does not limit ends with the request that waits for it', async () => {
    const { refreshToken } = await register(world);
    // As behind a pooler that has not heard of the limits.
    const unlimited = new URL(world.databaseUrl);
    unlimited.searchParams.set('statement_timeout', '0');
    unlimited.searchParams.set('lock_timeout', '0');
    const other = await startTestApp({ masterKey, databaseUrl: unlimited.href });
    try {
      await holder.query('BEGIN; LOCK TABLE sessions');
      const { answer, ms } = await timed(other.client.post('/v1/auth/refresh', { refreshToken }));
      expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
      expect(ms).toBeLessThan(LONGEST_MS);
      // The lock is held still.
      await nothingUnderWay(world.databaseUrl);
    } finally {
      await holder.query('ROLLBACK');
      await other.stop();
    }
  });
});

/** Waits until a request has sent a statement, or has been answered without. */
async function underWay<T>(answer: Promise<T>): Promise<{ readonly answer: Promise<T> }> {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  let answered = false;
  const settled = answer.finally(() => (answered = true));
  await eventually(() => answered || query.mock.calls.length > 0);
  query.mockRestore();
  return { answer: settled };
}

/** Waits until no back end of the service's has anything to do. */
function nothingUnderWay(databaseUrl: string): Promise<void> {
  return eventually(async () => {
    const active = await sql(
      databaseUrl,
      `SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'countersign%' AND state <> 'idle'`,
    );
    return active.length === 0;
  });
}

/** How often a session was refreshed. */
async function rotations(databaseUrl: string, refreshToken: string): Promise<number | undefined> {
  const sessionId = parseToken('rft', refreshToken)?.ids[0];
  const [session] = await sql<{ generation: number }>(
    databaseUrl,
    'SELECT generation FROM sessions WHERE id = $1',
    [sessionId],
  );
  return session?.generation;
}

// Only root may mount one.
describe.runIf(mayMount)('a PostgreSQL whose disk is full', () => {
  let disk: SmallDisk;
  let postgres: OwnPostgres;
  let world: TestApp;
  beforeAll(async () => {
    disk = smallDisk();
    postgres = await ownPostgres();
    world = await startTestApp({ databaseUrl: postgres.url });
  });
  afterAll(async () => {
    await world.stop();
    await postgres.remove();
    disk.remove();
  });

  it('refuses what writes with 503, keeps what was there, reads on, and needs no hand once there is room', async () => {
    const before = await registerWithTotp(world);
    disk.giveTo(postgres);
    const { url } = postgres;
    await sql(url, `CREATE TABLESPACE small LOCATION '${disk.folder}'`);
    for (const table of ['users', 'sessions', 'events_default', 'factors']) {
      await sql(url, `ALTER TABLE ${table} SET TABLESPACE small`);
    }
    disk.fill();
    const refused: Answer[] = [];
    for (let turn = 0; turn < 400 && refused.length < 3; turn += 1) {
      const answer = await world.client.post('/v1/auth/register', {
        email: `${randomBytes(100).toString('hex').slice(0, 60)}@example.com`,
        password: 'a very long phrase 1',
        displayName: 'n'.repeat(100),
      });
      if (answer.status !== 201) refused.push(answer);
    }
    expect(refused).toHaveLength(3);
    for (const answer of refused) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    }
    const [counts] = await sql<{ users: number; events: number }>(
      url,
      `SELECT (SELECT count(*)::integer FROM users) AS users,
              (SELECT count(DISTINCT user_id)::integer FROM events WHERE type = 'user.created') AS events`,
    );
    expect(counts?.events).toBe(counts?.users);
    expect((await world.client.get('/v1/me', { token: before.accessToken })).status).toBe(200);
    expect((await world.client.get('/health/live')).status).toBe(200);
    disk.free();
    await register(world);
    await logIn(world, before);
    expect(await eventsOf(url, before.id, 'user.created')).toHaveLength(1);
  });
});
