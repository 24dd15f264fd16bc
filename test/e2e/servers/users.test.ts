import { createHash, randomBytes } from 'node:crypto';
import * as OTPAuth from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, makeApplication, passwordLogin } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { answer } from '../../factories/factors.js';
import { beginLogin, register, registerWithTotp } from '../../factories/people.js';
import {
  type Administrator,
  enrolServedUser,
  makeAdministrator,
  makeServer,
  newExternalId,
  type Server,
} from '../../factories/servers.js';
import { eventsOf, sql } from '../../factories/sql.js';

describe("a server's users", () => {
  let world: TestApp;
  let administrator: Administrator;
  let server: Server;
  beforeAll(async () => {
    world = await startTestApp();
    administrator = await makeAdministrator(world);
    server = await makeServer(world, { administrator });
  });
  afterAll(() => world.stop());

  it('are made and changed by their own ids, absent fields staying', async () => {
    const user = newExternalId();
    const made = await server.put(`/v1/users/${user}`, { email: ' Jo@Example.com', displayName: 'Jo' });
    expect({ status: made.status, body: made.body }).toEqual({
      status: 201,
      body: {
        id: expect.stringMatching(/^usr_/),
        externalId: user,
        email: 'jo@example.com',
        emailVerified: false,
        displayName: 'Jo',
        locale: null,
        status: 'active',
        role: 'user',
        twoFactorEnabled: false,
        createdAt: expect.any(String),
      },
    });
    const changed = await server.put(`/v1/users/${user}`, { locale: 'de' });
    expect({ status: changed.status, body: changed.body }).toEqual({
      status: 200,
      body: { ...made.body, locale: 'de' },
    });
    expect((await server.put(`/v1/users/${user}`, { displayName: null })).body.displayName).toBeNull();
    expect((await server.get(`/v1/users/${user}`)).body).toMatchObject({
      email: 'jo@example.com',
      locale: 'de',
    });
    expect((await eventsOf(world.databaseUrl, made.body.id as string)).map(({ type }) => type)).toEqual([
      'user.created',
      'user.updated',
      'user.updated',
    ]);
  });

  it.each([
    ['a slash', 'a/b'],
    ['a blank', 'a b'],
    ['an umlaut', 'ü'],
    ['an emoji', '🦊'],
    ['a percent sign', '100%'],
    ['a plus', 'jo+work@example.com'],
    ['255 bytes', 'x'.repeat(255)],
    ['255 bytes, all of them encoded', 'é'.repeat(127)],
  ])('may have %s in their id', async (_what, externalId) => {
    const path = `/v1/users/${encodeURIComponent(externalId)}`;
    expect((await server.put(path, {})).status).toBe(201);
    expect((await server.get(path)).body.externalId).toBe(externalId);
    expect((await server.delete(path)).status).toBe(204);
  });

  it('are told apart bytewise: case, composition and blanks count', async () => {
    const ids = ['Case', 'case', 'e\u0301', '\u00e9', 'case '];
    for (const id of ids)
      expect((await server.put(`/v1/users/${encodeURIComponent(id)}`, {})).status).toBe(201);
    for (const id of ids) {
      expect((await server.get(`/v1/users/${encodeURIComponent(id)}`)).body.externalId).toBe(id);
    }
  });

  it.each([
    ['a control character', 'a\u0001'],
    ['256 bytes', 'x'.repeat(256)],
    ['one of our prefixes', 'fac_1'],
    ['the prefix of an account', 'usr_1'],
  ])('are not made with %s in their id, and none is found', async (_what, externalId) => {
    const path = `/v1/users/${encodeURIComponent(externalId)}`;
    expectProblem(await server.put(path, {}), 400, 'validation_failed');
    expectProblem(await server.post(`${path}/factors`, { type: 'totp' }), 400, 'validation_failed');
    expectProblem(await server.get(path), 404, 'not_found');
    expect(await sql(world.databaseUrl, 'SELECT id FROM users WHERE external_id = $1', [externalId])).toEqual(
      [],
    );
  });

  it.each([
    ...['%00', 'a%00b', '%0d%0aX-Injected:1', '%01', '%7f', '%c2%85', '.%00', '%2e%2e%00'],
    ...['x'.repeat(256), `usr_${'0'.repeat(26)}`, "'%20OR%201=1%20--", '${7*7}', '__proto__', 'constructor'],
  ])('are nobody where they cannot be: %s', async (name) => {
    const path = `/v1/users/${name}`;
    for (const answer of [
      await server.get(path),
      await server.delete(path),
      await server.delete(`${path}/sessions`),
      await server.get(`${path}/factors`),
      await server.get(`${path}/devices`),
      await server.delete(`${path}/factors/fac_01jdc0m6bye5ts0kc28f7q9v3m`),
    ]) {
      expectProblem(answer, 404, 'not_found');
      expect(answer.headers.get('x-injected')).toBeNull();
    }
    expectProblem(await server.post(`${path}/verify`, { code: '123456' }), 409, 'not_enrolled');
    const events = await server.get(`/v1/events?user=${name}`);
    expect([200, 400]).toContain(events.status);
    if (events.status === 200) expect(events.body.data).toEqual([]);
  });

  it('come into being with their first factor, or not at all', async () => {
    const user = newExternalId();
    const factors = `/v1/users/${user}/factors`;
    expectProblem(await server.get(factors), 404, 'not_found');
    expectProblem(await server.post(factors, { type: 'nonsense' }), 400, 'validation_failed');
    expectProblem(await server.post(factors, { type: 'totp', nonsense: 1 }), 400, 'validation_failed');
    expectProblem(await server.post(factors, { type: 'backup_code' }), 409, 'conflict');
    expectProblem(
      await server.post(factors, { type: 'sms', phoneNumber: '+442079460000' }),
      422,
      'destination_refused',
    );
    expectProblem(await server.get(`/v1/users/${user}`), 404, 'not_found');
    const enrolled = await Promise.all([
      server.post(factors, { type: 'totp' }),
      server.post(factors, { type: 'totp' }),
    ]);
    expect(enrolled.map(({ status }) => status)).toEqual([201, 201]);
    expect((await server.get(`/v1/users/${user}`)).body).toMatchObject({ twoFactorEnabled: false });
    expect((await server.get(factors)).body.data).toHaveLength(2);
  });

  it('have factors activated by the very key that began them', async () => {
    const user = newExternalId();
    const other = await makeServer(world, { administrator });
    const enrolled = await server.post(`/v1/users/${user}/factors`, { type: 'totp' });
    const path = `/v1/users/${user}/factors/${enrolled.body.id}/activate`;
    expectProblem(await other.post(path, { code: '123456' }), 404, 'not_found');
    expectProblem(await server.post(path, { code: '123456' }), 422, 'answer_rejected');
  });

  it('get an imported secret at once, with backup codes', async () => {
    const user = newExternalId();
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
    const imported = await server.post(`/v1/users/${user}/factors`, {
      type: 'totp',
      import: { secret, algorithm: 'SHA1', digits: 6, period: 30 },
    });
    expect({ status: imported.status, body: imported.body }).toMatchObject({
      status: 201,
      body: { status: 'active', isDefault: true, backupCodes: expect.any(Array) },
    });
    expect(imported.body.backupCodes).toHaveLength(10);
    const person = await register(world);
    expectProblem(
      await world.client.post(
        '/v1/me/factors',
        { type: 'totp', import: { secret, algorithm: 'SHA1', digits: 6, period: 30 } },
        { token: person.accessToken },
      ),
      400,
      'validation_failed',
    );
  });

  it('get one and the same key once, however its bytes are padded: one code would open both', async () => {
    const base32 = (bytes: Buffer): string =>
      new OTPAuth.Secret({ buffer: Uint8Array.from(bytes).buffer }).base32;
    const key = randomBytes(20);
    const long = randomBytes(70);
    const importing = async (secret: Buffer, user: string, algorithm = 'SHA1'): Promise<number> => {
      const body = { type: 'totp', import: { secret: base32(secret), algorithm } };
      return (await server.post(`/v1/users/${user}/factors`, body)).status;
    };
    const zero = Buffer.alloc(1);
    const user = newExternalId();
    expect(await importing(key, user)).toBe(201);
    for (const same of [key, Buffer.concat([key, zero]), Buffer.concat([key, Buffer.alloc(44)])]) {
      expect(await importing(same, user)).toBe(409);
    }
    // 65 bytes are more than a block of SHA-1: they are hashed, and so another key.
    expect(await importing(Buffer.concat([key, Buffer.alloc(45)]), user)).toBe(201);
    expect(await importing(Buffer.concat([zero, key]), user)).toBe(201);
    expect(await importing(long, user)).toBe(201);
    expect(await importing(createHash('sha1').update(long).digest(), user)).toBe(409);
    // The block of SHA-512 is longer: there they are two keys.
    expect(await importing(long, user, 'SHA512')).toBe(201);
    expect(await importing(createHash('sha512').update(long).digest(), user, 'SHA512')).toBe(201);
    expect(await importing(Buffer.concat([long, zero]), user, 'SHA512')).toBe(409);
    expect(await importing(key, newExternalId())).toBe(201);
    const other = newExternalId();
    const atOnce = [key, Buffer.concat([key, zero]), key].map((secret) => importing(secret, other));
    expect((await Promise.all(atOnce)).sort()).toEqual([201, 409, 409]);
  });

  it('are suspended with everything that they had open, and come back without it', async () => {
    const person = await registerWithTotp(world);
    const path = `/v1/users/${person.id}`;
    const login = await beginLogin(world, person);
    const challenge = await server.post('/v1/challenges', { user: person.id });
    expect((await server.put(path, { status: 'suspended' })).body.status).toBe('suspended');
    const me = (): ReturnType<typeof world.client.get> =>
      world.client.get('/v1/me', { token: person.accessToken });
    expectProblem(await me(), 401, 'invalid_token');
    expectProblem(await passwordLogin(world, person), 401, 'invalid_credentials');
    expectProblem(await server.post(`${path}/factors`, { type: 'totp' }), 403, 'forbidden');
    expect((await server.put(path, { status: 'active' })).body.status).toBe('active');
    expectProblem(await me(), 401, 'invalid_token');
    const code = person.code();
    expectProblem(await answer(world, login, { code }), 401, 'invalid_token');
    expectProblem(
      await server.post(`/v1/challenges/${challenge.body.id}/verify`, { user: person.id, code }),
      410,
      'challenge_closed',
    );
    expect((await passwordLogin(world, person)).status).toBe(200);
    const ended = await eventsOf(world.databaseUrl, person.id, 'session.revoked');
    expect(ended.map(({ data }) => data['reason'])).toContain('suspended');
  });

  it('keep their address where they log in with it', async () => {
    const person = await register(world);
    const path = `/v1/users/${person.id}`;
    expectProblem(await server.put(path, { email: 'other@example.com' }), 409, 'conflict');
    expect((await server.put(path, { email: person.email, displayName: 'Jo' })).status).toBe(200);
  });

  it('are erased: events stay, without address, user agent and id', async () => {
    const { externalId } = await enrolServedUser(world, server);
    const { body } = await server.get(`/v1/users/${externalId}`);
    const usersOnly = await makeServer(world, { administrator, scopes: ['users:write'] });
    const refused = await usersOnly.delete(`/v1/users/${externalId}`);
    expectProblem(refused, 403, 'insufficient_scope');
    expect(refused.body).toMatchObject({ scope: 'factors:write' });
    expect((await server.delete(`/v1/users/${externalId}`)).status).toBe(204);
    expectProblem(await server.get(`/v1/users/${externalId}`), 404, 'not_found');
    expectProblem(await server.delete(`/v1/users/${externalId}`), 404, 'not_found');
    const kept = JSON.stringify(await eventsOf(world.databaseUrl, body.id as string));
    expect(kept).toContain('user.deleted');
    expect(kept).not.toContain(externalId);
  });

  it('lose all their sessions when asked', async () => {
    const person = await register(world);
    expect((await server.delete(`/v1/users/${person.id}/sessions`)).status).toBe(204);
    expectProblem(await world.client.get('/v1/me', { token: person.accessToken }), 401, 'invalid_token');
  });

  it('have a locked factor unlocked by a server only', async () => {
    const user = await enrolServedUser(world, server);
    await sql(world.databaseUrl, 'UPDATE factors SET locked_at = now(), failures = 100 WHERE type = $1', [
      'totp',
    ]);
    const verify = `/v1/users/${user.externalId}/verify`;
    expectProblem(await server.post(verify, { code: user.code() }), 423, 'factor_locked');
    const unlock = `/v1/users/${user.externalId}/factors/${user.factorId}/unlock`;
    expect((await server.post(unlock)).status).toBe(204);
    expect((await server.post(unlock)).status).toBe(204);
    expect((await server.post(verify, { code: user.code() })).status).toBe(200);
    world.clock.advance(30_000);
  });

  it('are not administrators: no key changes one, and an administrator changes themselves under /v1/me', async () => {
    const path = `/v1/users/${administrator.id}`;
    expectProblem(await server.put(path, { status: 'suspended' }), 403, 'forbidden');
    expectProblem(await server.delete(path), 403, 'forbidden');
    expectProblem(await server.post(`${path}/factors`, { type: 'totp' }), 403, 'forbidden');
    expectProblem(await server.delete(`${path}/sessions`), 403, 'forbidden');
    expect((await server.get(path)).body.role).toBe('admin');
    const own = { token: administrator.token };
    expectProblem(await world.client.post(`${path}/factors`, { type: 'totp' }, own), 403, 'forbidden');
    const other = await makeAdministrator(world);
    const suspended = await world.client.send('PUT', `/v1/users/${other.id}`, {
      body: { status: 'suspended' },
      ...own,
    });
    expect(suspended.status).toBe(200);
  });

  it('are another application’s own: the same id there is somebody else', async () => {
    const slug = await makeApplication(world, 'other');
    const stranger = await makeServer(world, { administrator, application: slug });
    const user = await enrolServedUser(world, server);
    expectProblem(await stranger.get(`/v1/users/${user.externalId}`), 404, 'not_found');
    expectProblem(await stranger.get(`/v1/users/${user.externalId}/factors`), 404, 'not_found');
    expect((await stranger.put(`/v1/users/${user.externalId}`, { displayName: 'Namesake' })).status).toBe(
      201,
    );
    expect((await server.get(`/v1/users/${user.externalId}`)).body.displayName).toBeNull();
  });
});

describe('a verification in one call', () => {
  let world: TestApp;
  let server: Server;
  beforeAll(async () => {
    world = await startTestApp();
    server = await makeServer(world);
  });
  afterAll(() => world.stop());

  it('is approved once, and its tries are the budget of the user', async () => {
    const user = await enrolServedUser(world, server);
    const verify = `/v1/users/${user.externalId}/verify`;
    const code = user.code();
    const approved = await server.post(verify, { code, action: 'transfer', details: { amount: 5 } });
    expect({ status: approved.status, body: approved.body }).toMatchObject({
      status: 200,
      body: { status: 'approved', factor: { id: user.factorId, type: 'totp' } },
    });
    const again = await server.post(verify, { code });
    expectProblem(again, 422, 'answer_rejected');
    expect(again.body).toMatchObject({ reason: 'stale', attemptsLeft: expect.any(Number) });
    world.clock.advance(30_000);
  });

  it('takes a backup code once, without being told the type', async () => {
    const user = await enrolServedUser(world, server);
    const verify = `/v1/users/${user.externalId}/verify`;
    const answers = await Promise.all(
      [1, 2, 3].map(() => server.post(verify, { code: user.backupCodes[0] })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422, 422]);
    expect(answers.find(({ status }) => status === 200)?.body.factor.type).toBe('backup_code');
    expect((await server.post(verify, { code: user.backupCodes[1], type: 'totp' })).status).toBe(422);
    expect((await server.post(verify, { code: user.backupCodes[1] })).status).toBe(200);
  });

  it('is not for users without a factor that needs nothing sent', async () => {
    expectProblem(
      await server.post(`/v1/users/${newExternalId()}/verify`, { code: '123456' }),
      409,
      'not_enrolled',
    );
    const user = newExternalId();
    const enrolled = await server.post(`/v1/users/${user}/factors`, {
      type: 'sms',
      phoneNumber: '+4915112345678',
    });
    const { body } = await world.client.get('/dev/messages');
    const text = String((body as { text: string }[]).at(-1)?.text);
    const code = /\b\d{6}\b/.exec(text)?.[0];
    await server.post(`/v1/users/${user}/factors/${enrolled.body.id}/activate`, { code });
    expectProblem(await server.post(`/v1/users/${user}/verify`, { code: '123456' }), 409, 'not_enrolled');
    expectProblem(
      await server.post(`/v1/users/${user}/verify`, { code: '123456', factorId: enrolled.body.id }),
      409,
      'conflict',
    );
    const challenge = await server.post('/v1/challenges', { user, context: { ip: '203.0.113.9' } });
    expect(challenge.body.sent).toMatchObject({ factorId: enrolled.body.id });
    const events = await sql<{ ip: string; actor_type: string }>(
      world.databaseUrl,
      `SELECT ip, actor_type FROM events WHERE type = 'challenge.sent' ORDER BY id DESC LIMIT 1`,
    );
    expect(events).toEqual([{ ip: '203.0.113.9', actor_type: 'api_key' }]);
    expectProblem(
      await server.post(`/v1/challenges/${challenge.body.id}/send`, { factorId: enrolled.body.id }),
      429,
      'rate_limited',
    );
  });

  it('names one factor, or none that is not the user’s', async () => {
    const [user, other] = [await enrolServedUser(world, server), await enrolServedUser(world, server)];
    const verify = `/v1/users/${user.externalId}/verify`;
    expectProblem(
      await server.post(verify, { code: user.code(), factorId: other.factorId }),
      404,
      'not_found',
    );
    expectProblem(await server.post(verify, { code: user.code(), factorId: 'nonsense' }), 404, 'not_found');
    expectProblem(await server.post(verify, { code: user.code(), type: 'sms' }), 409, 'not_enrolled');
    expectProblem(await server.post(verify, { type: 'totp' }), 400, 'validation_failed');
    expectProblem(await server.post(verify, { code: user.code(), unknown: 1 }), 400, 'validation_failed');
    const named = await server.post(verify, { code: user.code(), factorId: user.factorId, type: 'totp' });
    expect(named.status).toBe(200);
  });
});
