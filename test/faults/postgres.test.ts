import { isDatabaseUnavailable } from '@countersign/core';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
      await begin();
      // What was remembered of applications is past its time too.
      world.clock.advance(6_000);
      const asked: Promise<Timed>[] = [
        timed(world.client.post('/v1/auth/login', { email: person.email, password: person.password })),
        timed(
          world.client.post('/v1/auth/register', {
            email: 'new@example.com',
            password: 'a very long phrase 1',
          }),
        ),
        timed(world.client.post('/v1/auth/refresh', { refreshToken })),
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
      expect((await world.client.get('/v1/me', { token: accessToken })).status).toBe(200);
      world.clock.advance(30_000);
      await logIn(world, person);
    },
  );

  it('that hangs after the connection was idle is not waited for either', async () => {
    const pool = new pg.Pool({
      connectionString: postgres.url,
      max: 1,
      onConnect: (client) => boundSilence(client as pg.Client, 200),
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
