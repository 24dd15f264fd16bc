import { Logger } from '@nestjs/common';
import { Database } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectProblem, makeApplication, passwordLogin, setPolicy } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { activate } from '../../factories/factors.js';
import { enrolCodes, newestCode } from '../../factories/codes.js';
import { mailedToken, mailsTo } from '../../factories/mails.js';
import { eventually } from '../../factories/process.js';
import { makeServer, newExternalId, type Server } from '../../factories/servers.js';
import { sql, uuidOf } from '../../factories/sql.js';

const PASSWORD = 'plum quartz 77 lantern';

/** An address that no other test has. */
function fresh(domain: string, local = ''): string {
  return `${local}${randomBytes(6).toString('hex')}@${domain}`;
}

describe('e-mail addresses', () => {
  let world: TestApp;
  let server: Server;
  beforeAll(async () => {
    world = await startTestApp({ env: { ROLE: 'all' } });
    server = await makeServer(world);
  });
  afterAll(() => world.stop());

  const register = (email: unknown): Promise<Answer> =>
    world.client.post('/v1/auth/register', { email, password: PASSWORD });
  const logIn = (email: string): Promise<Answer> => passwordLogin(world, { email, password: PASSWORD });
  const forgot = (email: string): Promise<Answer> => world.client.post('/v1/auth/password/forgot', { email });
  /** As earlier versions stored an account. */
  const store = (id: string, email: string): Promise<unknown> =>
    sql(world.databaseUrl, 'UPDATE users SET email = $2 WHERE id = $1', [uuidOf(id), email]);

  it.each([
    ['Unicode and punycode', fresh('müller.de'), 'müller.de', 'xn--mller-kva.de'],
    ['capitals', fresh('müller.de'), 'müller.de', 'MÜLLER.DE'],
    ['composed and decomposed letters', fresh('müller.de', 'é'), 'é', 'e\u0301'],
    ['composed and decomposed domains', fresh('müller.de'), 'ü', 'u\u0308'],
  ])('are one account in two spellings: %s', async (_what, email, part, otherwise) => {
    const other = email.replace(part, otherwise);
    const { status, body } = await register(email);
    expect(status).toBe(201);
    expect(body.user.email).toMatch(/@xn--mller-kva\.de$/);
    expectProblem(await register(other), 409, 'email_taken');
    for (const spelled of [email, other, body.user.email, ` ${other.toUpperCase()} `]) {
      expect({ spelled, status: (await logIn(spelled)).status }).toEqual({ spelled, status: 200 });
    }
    expect((await forgot(other)).status).toBe(202);
    expect(await mailedToken(world, body.user.email, 'reset-password')).toMatch(/^rst_/);
    // Its own address in another spelling is no change, of which a server hears nothing.
    const again = await server.put(`/v1/users/${body.user.id}`, { email: other });
    expect(again.status).toBe(200);
    expect(again.body.email).toBe(body.user.email);
  });

  it.each(['a&b', 'jo/x', 'jo#x', "o'hara", 'a=%~!*{}b', 'é', 'почта'])(
    'with %s before the @ register, and enrol the e-mail factor',
    async (local) => {
      const email = fresh('example.com', local);
      const { status, body } = await register(email);
      expect(status).toBe(201);
      expect(body.user.email).toBe(email);
      const enrolled = await world.client.post(
        '/v1/me/factors',
        { type: 'email' },
        { token: body.accessToken },
      );
      expect(enrolled.status).toBe(201);
      const activated = await activate(world, body.accessToken, enrolled.body.id, newestCode(world, email));
      expect(activated.status).toBe(200);
    },
  );

  it.each([
    '"jo x"@example.com',
    '"a@evil.example"@b.example',
    `${'x'.repeat(65)}@example.com`,
    `${'é'.repeat(33)}@example.com`,
    `jo@${'x'.repeat(64)}.com`,
    `jo@${'x'.repeat(63)}.${'x'.repeat(63)}.${'x'.repeat(63)}.${'x'.repeat(63)}.com`,
    'j\u200bo@example.com',
    '\u202ejo@example.com',
    'jo@exa\u2060mple.com',
    'jo@example.com\u200e',
    '\ufeffjo@example.com',
    'jo\u0000@example.com',
    '=?utf-8?q?jo?=@example.com',
    'jo@[127.0.0.1]',
    'jo@localhost',
    'jo@example',
    7,
    null,
  ])('such as %j are refused, whatever they are given for', async (email) => {
    const { body } = await register(fresh('example.com'));
    const token = body.accessToken as string;
    const refusals = [
      await register(email),
      await world.client.patch('/v1/me', { email }, { token }),
      await world.client.post('/v1/auth/password/forgot', { email }),
      ...(email === null ? [] : [await server.put(`/v1/users/${newExternalId()}`, { email })]),
      ...(typeof email === 'string' ? [await enrolCodes(world, token, { email })] : []),
    ];
    for (const refused of refusals) {
      expect(refused.status).toBe(400);
      if (refused.body.code === 'malformed_request') continue;
      expect(refused.body.errors).toContainEqual({ path: 'email', message: expect.any(String) });
    }
  });

  it.each([
    ['Unicode', 'müller.de', 'xn--mller-kva.de'],
    ['punycode', 'xn--mller-kva.de', 'müller.de'],
  ])('of accounts that an earlier version stored in %s are still theirs', async (_form, stored, other) => {
    const email = fresh(stored);
    const { body } = await register(email);
    await store(body.user.id, email);
    const spelled = email.replace(stored, other);
    for (const name of [email, spelled]) {
      expect((await logIn(name)).body.user?.id).toBe(body.user.id);
      expectProblem(await register(name), 409, 'email_taken');
    }
    const put = await server.put(`/v1/users/${body.user.id}`, { email: spelled, displayName: 'Jo' });
    expect(put.status).toBe(200);
    expect((await forgot(spelled)).status).toBe(202);
    const token = await mailedToken(world, `${email.split('@')[0] ?? ''}@xn--mller-kva.de`, 'reset-password');
    const newPassword = 'lantern quartz 88 plum';
    expect((await world.client.post('/v1/auth/password/reset', { token, newPassword })).status).toBe(204);
    expect((await passwordLogin(world, { email: spelled, password: newPassword })).status).toBe(200);
  });

  it('of two accounts that an earlier version let differ in spelling name the one that is typed', async () => {
    const [first, second] = [await register(fresh('example.com')), await register(fresh('example.com'))];
    const unicode = fresh('müller.de');
    const ascii = unicode.replace('müller.de', 'xn--mller-kva.de');
    await store(first.body.user.id, unicode);
    await store(second.body.user.id, ascii);
    expect((await logIn(unicode)).body.user.id).toBe(first.body.user.id);
    expect((await logIn(ascii)).body.user.id).toBe(second.body.user.id);
  });

  it('of accounts that no mail can reach still log in', async () => {
    const { body } = await register(fresh('example.com'));
    const email = `"${randomBytes(6).toString('hex')} x"@example.com`;
    await store(body.user.id, email);
    expect((await logIn(email.toUpperCase())).body.user?.id).toBe(body.user.id);
    const refused = await world.client.post('/v1/me/factors', { type: 'email' }, { token: body.accessToken });
    expectProblem(refused, 400, 'validation_failed');
    expect(refused.body.errors[0].message).toBe("is required: mail cannot go to the account's address");
    const warnings = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    try {
      await world.client.post('/v1/auth/email/resend', undefined, { token: body.accessToken });
      const change = { currentPassword: PASSWORD, newPassword: 'lantern quartz 88 plum' };
      await world.client.post('/v1/auth/password/change', change, { token: body.accessToken });
      const said = (): string => JSON.stringify(warnings.mock.calls);
      await eventually(
        () => /A mail \(verify_email/.test(said()) && /A notice \(passwordChanged/.test(said()),
      );
      expect(said()).not.toContain(email.slice(1, 13));
    } finally {
      warnings.mockRestore();
    }
  });

  it('are one account where addresses are verified first, in the same words', async () => {
    const slug = await makeApplication(world, 'verified');
    await setPolicy(world, { requireVerifiedEmail: true }, slug);
    const headers = { 'x-application': slug };
    const email = fresh('müller.de');
    for (const spelled of [email, email.replace('müller.de', 'xn--mller-kva.de'), email.toUpperCase()]) {
      const { status, body } = await world.client.post(
        '/v1/auth/register',
        { email: spelled, password: PASSWORD },
        { headers },
      );
      expect({ status, body }).toEqual({ status: 202, body: { status: 'verification_required' } });
    }
    const rows = await sql(world.databaseUrl, 'SELECT id FROM users WHERE email LIKE $1', [
      `${email.split('@')[0] ?? ''}@%`,
    ]);
    expect(rows).toHaveLength(1);
  });

  it('become no second account where a deployment without mail changes them at once', async () => {
    const email = fresh('müller.de');
    const { body } = await register(email);
    await store(body.user.id, email);
    const other = await register(fresh('example.com'));
    const users = world.app.get(UserStore);
    const change = (to: string): Promise<boolean> =>
      world.app
        .get(Database)
        .transaction((tx) => users.update(tx, uuidOf(other.body.user.id), { email: to }));
    expect(await change(email.replace('müller.de', 'xn--mller-kva.de'))).toBe(false);
    expect(await change(fresh('xn--mller-kva.de'))).toBe(true);
  });

  it('become no second account where one changes its own', async () => {
    const email = fresh('müller.de');
    const { body } = await register(email);
    await store(body.user.id, email);
    const other = await register(fresh('example.com'));
    const spelled = email.replace('müller.de', 'xn--mller-kva.de');
    const token = other.body.accessToken as string;
    expect((await world.client.patch('/v1/me', { email: spelled }, { token })).status).toBe(202);
    // The mail to the old address is asked for after the one with the link.
    await mailedToken(world, spelled, 'verify-email');
    await eventually(async () => (await mailsTo(world, other.body.user.email)).length >= 2);
    expect(await mailsTo(world, spelled)).toHaveLength(1);
    // Where it became an account's after the link was mailed, the link does not make it a second one.
    const late = fresh('müller.de');
    const lateSpelled = late.replace('müller.de', 'xn--mller-kva.de');
    expect((await world.client.patch('/v1/me', { email: lateSpelled }, { token })).status).toBe(202);
    const link = await mailedToken(world, lateSpelled, 'verify-email');
    await store(body.user.id, late);
    const followed = await world.client.post('/v1/auth/email/verify', { token: link }, { token });
    expectProblem(followed, 401, 'invalid_token');
    expect((await world.client.get('/v1/me', { token })).body.email).toBe(other.body.user.email);
  });
});
