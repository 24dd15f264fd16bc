import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, makeApplication, passwordLogin, setPolicy } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { eventsOf, sql } from '../../factories/sql.js';

const PASSWORD = 'plum quartz 77 lantern';

describe('registration', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  const register = (body: object, headers: Record<string, string> = {}): Promise<Answer> =>
    world.client.post('/v1/auth/register', body, { headers });

  it('makes an account, and answers it logged in', async () => {
    const answer = await register({
      email: 'ada@example.com',
      password: PASSWORD,
      displayName: 'Ada L.',
      locale: 'de-AT',
    });
    expect(answer.status).toBe(201);
    const { user, ...tokens } = answer.body;
    expect(user).toEqual({
      id: expect.stringMatching(/^usr_[0-7][0-9a-hjkmnp-tv-z]{25}$/),
      externalId: user.id,
      email: 'ada@example.com',
      emailVerified: false,
      displayName: 'Ada L.',
      locale: 'de-AT',
      status: 'active',
      role: 'user',
      twoFactorEnabled: false,
      createdAt: world.clock.now().toISOString(),
    });
    expect(tokens).toEqual({
      accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      expiresIn: 15 * 60,
      refreshToken: expect.stringMatching(/^rft_[\w-]+$/),
      refreshExpiresIn: 7 * 24 * 60 * 60,
    });
    const me = await world.client.get('/v1/me', { token: tokens.accessToken });
    expect(me.body).toEqual(user);
    expect((await eventsOf(world.databaseUrl, user.id)).map(({ type }) => type)).toEqual([
      'user.created',
      'session.created',
    ]);
  });

  it('stores and compares the address trimmed and in lower case', async () => {
    const answer = await register({ email: '  Grace.H@Example.COM ', password: PASSWORD });
    expect(answer.body.user.email).toBe('grace.h@example.com');
    const again = await register({ email: 'GRACE.h@example.com', password: PASSWORD });
    expectProblem(again, 409, 'email_taken');
    const login = await passwordLogin(world, { email: ' grace.H@EXAMPLE.com', password: PASSWORD });
    expect(login.status).toBe(200);
  });

  it('makes one account of twenty registrations at once', async () => {
    const email = 'racer@example.com';
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => register({ email, password: PASSWORD })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
    const rows = await sql(world.databaseUrl, 'SELECT id FROM users WHERE email = $1', [email]);
    expect(rows).toHaveLength(1);
  });

  it('keeps the accounts of two applications apart', async () => {
    const headers = { 'x-application': await makeApplication(world, 'shop') };
    const email = 'both@example.com';
    const here = await register({ email, password: PASSWORD });
    const there = await register({ email, password: 'another 88 quartz lantern' }, headers);
    expect(there.status).toBe(201);
    expect(there.body.user.id).not.toBe(here.body.user.id);
    const crossed = await passwordLogin(world, { email, password: PASSWORD }, {}, headers);
    expectProblem(crossed, 401, 'invalid_credentials');
  });

  it('keeps no password in clear', async () => {
    await register({ email: 'hashed@example.com', password: PASSWORD });
    const [row] = await sql(world.databaseUrl, 'SELECT * FROM users WHERE email = $1', [
      'hashed@example.com',
    ]);
    expect(row?.['password_hash']).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(JSON.stringify(row)).not.toContain(PASSWORD);
  });

  it.each([
    ['nine characters', 'ab3!xY7#q'],
    ['a common password', 'password123'],
    ['a password built from the address', 'zorvanthia-2024'],
    ['a password built from the name', 'Qelbrandt99'],
  ])('refuses %s with the reason', async (_rule, password) => {
    const body = { email: 'zorvanthia@example.com', password, displayName: 'Z. Qelbrandt' };
    const answer = await register(body);
    expectProblem(answer, 422, 'password_rejected');
    expect(answer.body.errors).toEqual([{ path: 'password', message: expect.any(String) }]);
    expect(JSON.stringify(answer.body)).not.toContain(password);
    expect(await sql(world.databaseUrl, 'SELECT id FROM users WHERE email = $1', [body.email])).toEqual([]);
  });

  it('counts the characters of a password after NFKC, 10 to 128 of any script', async () => {
    // One ligature is three letters, and an emoji is one character though two UTF-16 units.
    const least = await register({ email: 'least@example.com', password: 'ﬃ8zq🦊wvk' });
    expect(least.status).toBe(201);
    const most = await register({ email: 'most@example.com', password: '🦊7'.repeat(64) });
    expect(most.status).toBe(201);
    const tooLong = await register({ email: 'over@example.com', password: `${'🦊7'.repeat(64)}x` });
    expectProblem(tooLong, 400, 'validation_failed');
    expect(tooLong.body.errors).toEqual([expect.objectContaining({ path: 'password' })]);
  });

  it.each([
    ['no address', { password: PASSWORD }, 'email'],
    ['no password', { email: 'a@example.com' }, 'password'],
    ['text that is no address', { email: 'nobody', password: PASSWORD }, 'email'],
    ['an address that is too long', { email: `${'a'.repeat(250)}@example.com`, password: PASSWORD }, 'email'],
    ['a password that is no text', { email: 'a@example.com', password: 1234567890 }, 'password'],
    [
      'a name with control characters',
      { email: 'a@example.com', password: PASSWORD, displayName: 'a\u0007' },
      'displayName',
    ],
    [
      'a locale that is none',
      { email: 'a@example.com', password: PASSWORD, locale: 'not a locale' },
      'locale',
    ],
    ['a field that is not known', { email: 'a@example.com', password: PASSWORD, role: 'admin' }, 'role'],
  ])('refuses %s, and names the field', async (_fault, body, path) => {
    const answer = await register(body);
    expectProblem(answer, 400, 'validation_failed');
    expect(answer.body.errors).toContainEqual({ path, message: expect.any(String) });
  });

  it('is 403 where the application is closed to it, for known and unknown addresses alike', async () => {
    const headers = { 'x-application': await makeApplication(world, 'members') };
    const known = { email: 'member@example.com', password: PASSWORD };
    expect((await register(known, headers)).status).toBe(201);
    await setPolicy(world, { registration: 'closed' }, 'members');
    expectProblem(await register(known, headers), 403, 'forbidden');
    expectProblem(await register({ ...known, email: 'new@example.com' }, headers), 403, 'forbidden');
    expect((await passwordLogin(world, known, {}, headers)).status).toBe(200);
  });
});
