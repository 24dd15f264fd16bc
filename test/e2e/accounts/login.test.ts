import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expectProblem,
  makeApplication,
  passwordLogin,
  setStatus,
  withoutRequestId,
} from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { beginLogin, register, registerWithTotp } from '../../factories/people.js';
import { eventually } from '../../factories/process.js';
import { eventsOf, sql, uuidOf } from '../../factories/sql.js';
import { FailedLoginTeller } from '../../../libs/auth/src/failed-logins/failed-login-teller.js';

const WRONG = 'not the password 42';

describe('login', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  it('answers tokens for the right password where no factor is active', async () => {
    const person = await register(world);
    const answer = await passwordLogin(world, person);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      status: 'authenticated',
      user: expect.objectContaining({ id: person.id, email: person.email, twoFactorEnabled: false }),
      accessToken: expect.any(String),
      expiresIn: 900,
      refreshToken: expect.any(String),
      refreshExpiresIn: 604_800,
    });
    const created = await eventsOf(world.databaseUrl, person.id, 'session.created');
    expect(created.map(({ data }) => data['amr'])).toEqual([['pwd'], ['pwd']]);
  });

  it('answers a challenge and no token where a factor is active', async () => {
    const person = await registerWithTotp(world);
    const answer = await passwordLogin(world, person);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      status: 'challenge_required',
      tempToken: expect.stringMatching(/^tmp_/),
      expiresIn: 300,
      challenge: expect.objectContaining({
        id: expect.stringMatching(/^chl_/),
        status: 'pending',
        purpose: 'login',
        action: null,
        attemptsLeft: 5,
      }),
    });
  });

  it('that fails is told once in 15 minutes for an account, with how often; for unknown addresses nothing is kept', async () => {
    const person = await register(world);
    const fail = (times: number, email = person.email): Promise<unknown> =>
      Promise.all(Array.from({ length: times }, () => passwordLogin(world, { email, password: WRONG })));
    const counted = async (): Promise<number | undefined> => {
      const rows = await sql<{ count: number }>(
        world.databaseUrl,
        'SELECT count FROM login_failures WHERE user_id = $1',
        [uuidOf(person.id)],
      );
      return rows[0]?.count;
    };
    const moveOn = (by: string): Promise<unknown> =>
      sql(world.databaseUrl, `UPDATE login_failures SET due_at = due_at - $1::interval`, [by]);
    const teller = world.app.get(FailedLoginTeller, { strict: false });
    const told = async (): Promise<unknown[]> => {
      await teller.step();
      const events = await eventsOf(world.databaseUrl, person.id, 'login.failed');
      return events.map(({ data }) => data['count']);
    };
    await fail(2, `nobody-${person.email}`);
    await fail(3);
    await eventually(async () => (await counted()) === 3);
    expect(await told()).toEqual([]);
    await moveOn('3 seconds');
    expect(await told()).toEqual([3]);
    const [event] = await sql(world.databaseUrl, `SELECT * FROM events WHERE type = 'login.failed'`);
    expect(event).toMatchObject({
      actor_type: 'user',
      actor_id: null,
      ip: '127.0.0.1',
      data: { count: 3, since: expect.any(String), until: expect.any(String) },
    });

    await fail(2);
    await eventually(async () => (await counted()) === 2);
    await moveOn('14 minutes');
    expect(await told()).toEqual([3]);
    await moveOn('1 minute');
    expect(await told()).toEqual([3, 2]);
    expect(await sql(world.databaseUrl, 'SELECT user_id FROM login_failures')).toHaveLength(1);
    await passwordLogin(world, person);
    expect(await told()).toEqual([3, 2]);
  });

  it('refuses an unknown address, a wrong password and a suspended user with one and the same answer', async () => {
    const person = await register(world);
    const suspended = await register(world);
    await setStatus(world, suspended.email, 'suspended');
    const wrong = await passwordLogin(world, { ...person, password: WRONG });
    expectProblem(wrong, 401, 'invalid_credentials');
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer');
    for (const attempt of [{ email: 'nobody@example.com', password: WRONG }, suspended]) {
      const answer = await passwordLogin(world, attempt);
      expect(withoutRequestId(answer)).toEqual(withoutRequestId(wrong));
    }
    await setStatus(world, suspended.email, 'active');
    expect((await passwordLogin(world, suspended)).status).toBe(200);
  });

  it('asks a suspended user for no second factor', async () => {
    const person = await registerWithTotp(world);
    await setStatus(world, person.email, 'suspended');
    expectProblem(await passwordLogin(world, person), 401, 'invalid_credentials');
  });

  it('refuses the second step of somebody who was suspended after the first', async () => {
    const person = await registerWithTotp(world);
    const { id, tempToken } = await beginLogin(world, person);
    await setStatus(world, person.email, 'suspended');
    const body = { code: person.code() };
    const answer = await world.client.post(`/v1/challenges/${id}/verify`, body, { token: tempToken });
    expectProblem(answer, 401, 'invalid_token');
  });

  it('is for the application that the header names, else for the default one', async () => {
    const person = await register(world);
    const shop = { 'x-application': await makeApplication(world, 'shop') };
    const named = await passwordLogin(world, person, {}, { 'x-application': 'default' });
    expect(named.status).toBe(200);
    const elsewhere = await passwordLogin(world, person, {}, shop);
    const nobody = await passwordLogin(world, { email: 'nobody@example.com', password: WRONG });
    expect(withoutRequestId(elsewhere)).toEqual(withoutRequestId(nobody));
  });

  it.each(['no-such-application', 'DEFAULT', 'default x', '../default', ''])(
    'is 404 for an application that does not exist: “%s”',
    async (slug) => {
      const person = { email: 'nobody@example.com', password: WRONG };
      expectProblem(await passwordLogin(world, person, {}, { 'x-application': slug }), 404, 'not_found');
    },
  );

  it('takes another spelling of the same password', async () => {
    const email = 'spelling@example.com';
    await world.client.post('/v1/auth/register', { email, password: 'Caf\u00e9 quartz lantern' });
    const decomposed = await passwordLogin(world, { email, password: 'Cafe\u0301 quartz lantern' });
    expect(decomposed.status).toBe(200);
    const otherCase = await passwordLogin(world, { email, password: 'caf\u00e9 quartz lantern' });
    expect(otherCase.status).toBe(401);
  });

  it.each([
    ['no password', { email: 'a@example.com' }],
    ['an empty password', { email: 'a@example.com', password: '' }],
    ['a password over 128 characters', { email: 'a@example.com', password: 'x'.repeat(129) }],
    ['a device token that is no text', { email: 'a@example.com', password: WRONG, deviceToken: {} }],
    ['another way of session', { email: 'a@example.com', password: WRONG, session: 'forever' }],
  ])('refuses %s as malformed', async (_fault, body) => {
    expectProblem(await world.client.post('/v1/auth/login', body), 400, 'validation_failed');
  });

  it('writes nothing down for a refused login', async () => {
    const person = await register(world);
    const count =
      'SELECT (SELECT count(*) FROM sessions) AS sessions, (SELECT count(*) FROM events) AS events';
    const before = await sql(world.databaseUrl, count);
    await passwordLogin(world, { ...person, password: WRONG });
    await passwordLogin(world, { email: 'nobody@example.com', password: WRONG });
    expect(await sql(world.databaseUrl, count)).toEqual(before);
  });
});

describe('a login whose password is costly to check', () => {
  it('takes as long for an unknown address as for a wrong password', async () => {
    const world = await startTestApp({ env: { ARGON2_TIME_COST: '6' } });
    try {
      const { email } = await register(world);
      const quickest = async (name: string): Promise<number> => {
        const durations: number[] = [];
        for (let time = 0; time < 4; time += 1) {
          const start = performance.now();
          await passwordLogin(world, { email: name, password: WRONG });
          durations.push(performance.now() - start);
        }
        return Math.min(...durations);
      };
      const [known, unknown] = [await quickest(email), await quickest('nobody@example.com')];
      // Wide bounds: without the hash the one would take a tenth of the other.
      expect(unknown / known).toBeGreaterThan(0.5);
      expect(unknown / known).toBeLessThan(2);
    } finally {
      await world.stop();
    }
  });
});

describe('a login under stronger hashing than before', () => {
  it('hashes the proven password again, and a wrong one leaves the hash alone', async () => {
    const masterKey = randomBytes(32).toString('base64');
    const weak = await startTestApp({ masterKey });
    const person = await register(weak);
    const hash = async (): Promise<string> => {
      const rows = await sql<{ hash: string }>(
        weak.databaseUrl,
        'SELECT password_hash AS hash FROM users WHERE email = $1',
        [person.email],
      );
      return rows[0]?.hash ?? '';
    };
    await weak.stop();
    const env = { ARGON2_TIME_COST: '3' };
    const strong = await startTestApp({ databaseUrl: weak.databaseUrl, masterKey, env });
    try {
      expect((await passwordLogin(strong, { ...person, password: WRONG })).status).toBe(401);
      expect(await hash()).toContain('t=2');
      expect((await passwordLogin(strong, person)).status).toBe(200);
      expect(await hash()).toContain('t=3');
      expect((await passwordLogin(strong, person)).status).toBe(200);
    } finally {
      await strong.stop();
    }
  });
});
