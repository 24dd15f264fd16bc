import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BootstrapAdmin } from '@countersign/auth';
import { EmailSender } from '@countersign/delivery';
import { expectProblem, passwordLogin, setStatus, trustDevice } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { answer } from '../../factories/factors.js';
import { beginLogin, logIn, type Person, register, registerWithTotp } from '../../factories/people.js';
import { eventsOf, sql, uuidOf } from '../../factories/sql.js';

const TEN_MINUTES_MS = 10 * 60_000;

const WAITING = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

describe('the own account', () => {
  let world: TestApp;
  let person: Person;
  beforeAll(async () => {
    world = await startTestApp();
  });
  beforeEach(async () => {
    person = await register(world);
  });
  afterAll(() => world.stop());

  const change = (changes: object, token = person.accessToken): ReturnType<typeof world.client.patch> =>
    world.client.patch('/v1/me', changes, { token });
  const shown = async (token = person.accessToken): Promise<Record<string, unknown>> =>
    (await world.client.get('/v1/me', { token })).body;

  it('is shown as it is now, not as it was at login', async () => {
    expect(await shown()).toMatchObject({ id: person.id, email: person.email, twoFactorEnabled: false });
    const owner = await registerWithTotp(world);
    expect(await shown(owner.accessToken)).toMatchObject({ twoFactorEnabled: true });
  });

  it('changes in the fields that are named, and keeps the others', async () => {
    const first = await change({ displayName: 'Jo', locale: 'fr' });
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ displayName: 'Jo', locale: 'fr', email: person.email });
    expect((await change({ displayName: null })).body).toMatchObject({ displayName: null, locale: 'fr' });
    expect(await shown()).toMatchObject({ displayName: null, locale: 'fr', email: person.email });
    expect(await eventsOf(world.databaseUrl, person.id, 'user.updated')).toEqual([
      { type: 'user.updated', data: { fields: ['displayName', 'locale'] } },
      { type: 'user.updated', data: { fields: ['displayName'] } },
    ]);
  });

  it.each([
    ['an address that is none', { email: 'nobody' }, 'email'],
    ['no address', { email: null }, 'email'],
    ['a role', { role: 'admin' }, 'role'],
    ['a status', { status: 'active' }, 'status'],
    ['a verified address', { emailVerified: true }, 'emailVerified'],
    ['a password', { password: 'plum quartz 77 lantern' }, 'password'],
    ['a name that is too long', { displayName: 'x'.repeat(101) }, 'displayName'],
    ['a locale that is none', { locale: '!!' }, 'locale'],
  ])('cannot be given %s', async (_fault, changes, path) => {
    const refused = await change({ ...changes });
    expectProblem(refused, 400, 'validation_failed');
    expect(refused.body.errors).toContainEqual({ path, message: expect.any(String) });
  });

  it('asks for a password proven in the last ten minutes before it changes the address or goes', async () => {
    world.clock.advance(TEN_MINUTES_MS - 1_000);
    expect((await change({ email: `a-${person.email}` })).status).toBe(202);
    world.clock.advance(2_000);
    expectProblem(await change({ email: `b-${person.email}` }), 403, 'step_up_required');
    expectProblem(
      await world.client.delete('/v1/me', { token: person.accessToken }),
      403,
      'step_up_required',
    );
    expect((await change({ displayName: 'Jo', email: person.email })).status).toBe(200);
    expect(await shown()).toMatchObject({ email: person.email, displayName: 'Jo' });
  });

  it('asks for the second factor instead once one is active', async () => {
    const owner = await registerWithTotp(world);
    expectProblem(await change({ email: `a-${owner.email}` }, owner.accessToken), 403, 'step_up_required');
    const { accessToken } = await logIn(world, owner);
    expect((await change({ email: `a-${owner.email}` }, accessToken)).status).toBe(202);
    world.clock.advance(TEN_MINUTES_MS + 1_000);
    expectProblem(await world.client.delete('/v1/me', { token: accessToken }), 403, 'step_up_required');
  });

  it('goes with everything that belonged to it; its events stay, without address and user agent', async () => {
    const owner = await registerWithTotp(world);
    const deviceToken = await trustDevice(world, owner);
    const pending = await beginLogin(world, owner);
    const { accessToken, refreshToken } = await logIn(world, owner);
    const before = await eventsOf(world.databaseUrl, owner.id);
    const headers = { 'user-agent': 'Tell-tale/1.0' };
    const erased = await world.client.delete('/v1/me', { token: accessToken, headers });
    expect(erased.status).toBe(204);

    expectProblem(await world.client.get('/v1/me', { token: accessToken }), 401, 'invalid_token');
    expectProblem(await world.client.post('/v1/auth/refresh', { refreshToken }), 401, 'invalid_token');
    expectProblem(await passwordLogin(world, owner, { deviceToken }), 401, 'invalid_credentials');
    expectProblem(await answer(world, pending, { code: owner.code() }), 401, 'invalid_token');
    const userId = uuidOf(owner.id);
    for (const table of ['sessions', 'devices', 'factors']) {
      const rows = await sql(world.databaseUrl, `SELECT id FROM ${table} WHERE user_id = $1`, [userId]);
      expect(rows).toEqual([]);
    }
    const orphans = 'SELECT 1 FROM spent_tokens WHERE factor_id NOT IN (SELECT id FROM factors)';
    expect(await sql(world.databaseUrl, orphans)).toEqual([]);
    const events = await eventsOf(world.databaseUrl, owner.id);
    expect(events).toEqual([...before, { type: 'user.deleted', data: {} }]);
    const traces = await sql(
      world.databaseUrl,
      'SELECT id FROM events WHERE user_id = $1 AND (ip IS NOT NULL OR user_agent IS NOT NULL)',
      [userId],
    );
    expect(traces).toEqual([]);
    const [others] = await sql(world.databaseUrl, 'SELECT count(*) FROM events WHERE ip IS NOT NULL');
    expect(Number(others?.['count'])).toBeGreaterThan(0);
    expect(
      (
        await world.client.post('/v1/auth/register', {
          email: owner.email,
          password: owner.password,
        })
      ).status,
    ).toBe(201);
  });

  it('goes once when it is asked to go ten times at once', async () => {
    const token = person.accessToken;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => world.client.delete('/v1/me', { token })),
    );
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].every((status) => status === 204 || status === 401)).toBe(true);
    expect(await eventsOf(world.databaseUrl, person.id, 'user.deleted')).toHaveLength(1);
  });

  it('refuses a login that meets its erasure', async () => {
    const eraser = new pg.Client({ connectionString: world.databaseUrl });
    await eraser.connect();
    try {
      await eraser.query('BEGIN');
      await eraser.query('DELETE FROM users WHERE id = $1', [uuidOf(person.id)]);
      const login = passwordLogin(world, person);
      await vi.waitFor(async () => {
        expect(await sql(world.databaseUrl, WAITING)).toHaveLength(1);
      });
      await eraser.query('COMMIT');
      expectProblem(await login, 401, 'invalid_credentials');
    } finally {
      await eraser.end();
    }
  });
});

describe('the own address, where no mail can be sent', () => {
  let world: TestApp;
  let person: Person;
  beforeAll(async () => {
    world = await startTestApp();
    Object.defineProperty(world.app.get(EmailSender), 'available', { value: false });
  });
  beforeEach(async () => {
    person = await register(world);
  });
  afterAll(() => world.stop());

  const change = (changes: object, token = person.accessToken): ReturnType<typeof world.client.patch> =>
    world.client.patch('/v1/me', changes, { token });
  const shown = async (): Promise<Record<string, unknown>> =>
    (await world.client.get('/v1/me', { token: person.accessToken })).body;

  it('changes at once, and lets the old one go', async () => {
    const email = `new-${person.email}`;
    const accepted = await change({ email: `  ${email.toUpperCase()} ` });
    expect(accepted.status).toBe(202);
    expect(await shown()).toMatchObject({ email, emailVerified: false });
    expect((await passwordLogin(world, { ...person, email })).status).toBe(200);
    expectProblem(await passwordLogin(world, person), 401, 'invalid_credentials');
    expect(await eventsOf(world.databaseUrl, person.id, 'email.changed')).toHaveLength(1);
    const somebody = { email: person.email, password: 'plum quartz 77 lantern' };
    expect((await world.client.post('/v1/auth/register', somebody)).status).toBe(201);
  });

  it('answers a taken address like a free one, and keeps the old', async () => {
    const other = await register(world);
    const free = await change({ email: `free-${person.email}` });
    await change({ email: person.email });
    const taken = await change({ email: other.email });
    expect(taken.status).toBe(202);
    expect(Object.keys(taken.body)).toEqual(Object.keys(free.body));
    expect(taken.body.email).toBe(person.email);
    expect(await shown()).toMatchObject({ email: person.email });
    expect((await passwordLogin(world, other)).body.user.id).toBe(other.id);
  });

  it('gives an address that two ask for at once to one of them', async () => {
    const others = await Promise.all(Array.from({ length: 8 }, () => register(world)));
    const email = `wanted-${person.email}`;
    const answers = await Promise.all(others.map(({ accessToken }) => change({ email }, accessToken)));
    expect(answers.map(({ status }) => status)).toEqual(others.map(() => 202));
    const holders = await sql(world.databaseUrl, 'SELECT id FROM users WHERE email = $1', [email]);
    expect(holders).toHaveLength(1);
  });
});

describe('an administrator', () => {
  let world: TestApp;
  const admin = { email: 'root@example.com', password: 'plum quartz 77 lantern' };
  beforeAll(async () => {
    world = await startTestApp();
    await world.app.get(BootstrapAdmin).run({ email: admin.email, password: () => admin.password });
  });
  afterAll(() => world.stop());

  const promote = async (): Promise<Person> => {
    const person = await register(world);
    await sql(world.databaseUrl, `UPDATE users SET role = 'admin' WHERE email = $1`, [person.email]);
    return person;
  };
  const erase = (token: string): ReturnType<typeof world.client.delete> =>
    world.client.delete('/v1/me', { token });

  it('cannot erase itself while it is the last active one, and can when another is there', async () => {
    const { body } = await passwordLogin(world, admin);
    expect(body.user.role).toBe('admin');
    expectProblem(await erase(body.accessToken), 409, 'conflict');
    const suspended = await promote();
    await setStatus(world, suspended.email, 'suspended');
    expectProblem(await erase(body.accessToken), 409, 'conflict');
    expect((await world.client.get('/v1/me', { token: body.accessToken })).status).toBe(200);

    const successor = await promote();
    expect((await erase(body.accessToken)).status).toBe(204);
    expectProblem(await erase(successor.accessToken), 409, 'conflict');
  });

  it('is left over when all administrators erase themselves at once', async () => {
    await sql(world.databaseUrl, `UPDATE users SET role = 'user'`);
    const admins = await Promise.all(Array.from({ length: 6 }, promote));
    await Promise.all(admins.map(({ accessToken }) => erase(accessToken)));
    const left = await sql(
      world.databaseUrl,
      `SELECT id FROM users WHERE role = 'admin' AND status = 'active'`,
    );
    expect(left).toHaveLength(1);
  });
});
