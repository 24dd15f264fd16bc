import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, makeApplication, passwordLogin } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { logIn, register, registerWithTotp } from '../../factories/people.js';
import { eventually } from '../../factories/process.js';
import {
  type Administrator,
  enrolServedUser,
  makeAdministrator,
  makeServer,
  newExternalId,
  serverOf,
} from '../../factories/servers.js';
import { sql, uuidOf } from '../../factories/sql.js';

describe('API keys', () => {
  let world: TestApp;
  let other: TestApp;
  let administrator: Administrator;
  beforeAll(async () => {
    const masterKey = Buffer.alloc(32, 7).toString('base64');
    world = await startTestApp({ masterKey });
    const { clock, databaseUrl } = world;
    other = await startTestApp({ masterKey, clock, databaseUrl });
    administrator = await makeAdministrator(world);
  });
  afterAll(async () => {
    await Promise.all([world.stop(), other.stop()]);
  });

  const asAdministrator = (method: string, path: string, body?: unknown): Promise<Answer> =>
    world.client.send(method, path, { body, token: administrator.token });

  it('are made with scopes and a limit, and shown once', async () => {
    const expiresAt = new Date(world.clock.now().getTime() + 86_400_000).toISOString();
    const made = await asAdministrator('POST', '/v1/api-keys', {
      name: 'shop backend',
      scopes: ['factors:read'],
      rateLimit: { limit: 5, windowSeconds: 60 },
      expiresAt,
    });
    expect({ status: made.status, body: made.body }).toEqual({
      status: 201,
      body: {
        id: expect.stringMatching(/^key_/),
        name: 'shop backend',
        prefix: expect.stringMatching(/^cs_[0-9a-z]{26}$/),
        scopes: ['factors:read'],
        rateLimit: { limit: 5, windowSeconds: 60 },
        createdAt: expect.any(String),
        lastUsedAt: null,
        expiresAt,
        revokedAt: null,
        key: expect.stringMatching(/^cs_[0-9a-z]{26}_[0-9A-Za-z]{49}$/),
      },
    });
    const { key, ...shown } = made.body;
    expect((await asAdministrator('GET', `/v1/api-keys/${made.body.id}`)).body).toEqual(shown);
    expect((await asAdministrator('GET', '/v1/api-keys?limit=100')).body.data).toContainEqual(shown);
    const [row] = await sql(world.databaseUrl, 'SELECT * FROM api_keys WHERE id = $1', [
      uuidOf(made.body.id),
    ]);
    expect(JSON.stringify(row)).not.toContain(key);
  });

  it.each([
    ['no scope', { name: 'x', scopes: [] }],
    ['an unknown scope', { name: 'x', scopes: ['everything'] }],
    ['a scope twice', { name: 'x', scopes: ['users:read', 'users:read'] }],
    ['no name', { scopes: ['users:read'] }],
    ['an unknown field', { name: 'x', scopes: ['users:read'], admin: true }],
    ['half a limit', { name: 'x', scopes: ['users:read'], rateLimit: { limit: 5 } }],
    ['a limit of nothing', { name: 'x', scopes: ['users:read'], rateLimit: { limit: 0, windowSeconds: 60 } }],
    ['an end in the past', { name: 'x', scopes: ['users:read'], expiresAt: '2020-01-01T00:00:00Z' }],
    ['an end that is no time', { name: 'x', scopes: ['users:read'], expiresAt: 'tomorrow' }],
  ])('are not made with %s', async (_what, body) => {
    expectProblem(await asAdministrator('POST', '/v1/api-keys', body), 400, 'validation_failed');
  });

  it('are taken as X-API-Key or as bearer, never both, never in the query, and never mistyped', async () => {
    const { key } = await makeServer(world, { administrator });
    const get = (path: string, headers: Record<string, string>): Promise<Answer> =>
      world.client.get(path, { headers });
    expect((await get('/v1/users', { 'x-api-key': key })).status).toBe(200);
    expect((await get('/v1/users', { authorization: `Bearer ${key}` })).status).toBe(200);
    const { key: another } = await makeServer(world, { administrator });
    const both = { 'x-api-key': key, authorization: `Bearer ${another}` };
    expectProblem(await get('/v1/users', both), 401, 'invalid_token');
    expectProblem(await get(`/v1/factor-types?api_key=${key}`, {}), 401, 'unauthenticated');
    const typo = `${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}`;
    expectProblem(await get('/v1/users', { 'x-api-key': typo }), 401, 'invalid_api_key');
    expectProblem(await get('/v1/users', { 'x-api-key': '' }), 401, 'invalid_api_key');
    expectProblem(await get('/v1/me', { 'x-api-key': key }), 401, 'invalid_token');
    expectProblem(await get('/v1/api-keys', { 'x-api-key': key }), 401, 'invalid_token');
  });

  it('open only what their scopes name, and say which is missing', async () => {
    const reader = await makeServer(world, { administrator, scopes: ['factors:read'] });
    const user = newExternalId();
    const refused = await reader.post(`/v1/users/${user}/factors`, { type: 'totp' });
    expectProblem(refused, 403, 'insufficient_scope');
    expect(refused.body).toMatchObject({
      scope: 'factors:write',
      detail: expect.stringContaining('factors:write'),
    });
    expectProblem(await reader.get('/v1/users'), 403, 'insufficient_scope');
    expectProblem(await reader.post('/v1/challenges', { user }), 403, 'insufficient_scope');
    expectProblem(await reader.get('/v1/events'), 403, 'insufficient_scope');
    expectProblem(await reader.get(`/v1/users/${user}/devices`), 403, 'insufficient_scope');
    expect((await reader.get('/v1/factor-types')).status).toBe(200);
  });

  it('are limited each by itself, exactly, across instances', async () => {
    const limited = await makeServer(world, { administrator, rateLimit: { limit: 7, windowSeconds: 60 } });
    const free = await makeServer(world, { administrator });
    const elsewhere = serverOf(other.client, limited.key);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, turn) => (turn % 2 === 0 ? limited : elsewhere).get('/v1/factor-types')),
    );
    if (process.env['TEST_REDIS_URL'] !== undefined) {
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(7);
    }
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get('ratelimit-policy')).toBe('"api_key";q=7;w=60');
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await free.get('/v1/factor-types')).status).toBe(200);
    world.clock.advance(60_000);
    expect((await limited.get('/v1/factor-types')).status).toBe(200);
  });

  it('are refused everywhere within five seconds of their revocation', async () => {
    const server = await makeServer(world, { administrator });
    const elsewhere = serverOf(other.client, server.key);
    expect((await elsewhere.get('/v1/factor-types')).status).toBe(200);
    expect((await asAdministrator('DELETE', `/v1/api-keys/${server.keyId}`)).status).toBe(204);
    expectProblem(await server.get('/v1/factor-types'), 401, 'invalid_api_key');
    world.clock.advance(5_000);
    expectProblem(await elsewhere.get('/v1/factor-types'), 401, 'invalid_api_key');
    expect((await asAdministrator('DELETE', `/v1/api-keys/${server.keyId}`)).status).toBe(204);
    const shown = await asAdministrator('GET', `/v1/api-keys/${server.keyId}`);
    expect(shown.body.revokedAt).not.toBeNull();
    expectProblem(
      await asAdministrator('PATCH', `/v1/api-keys/${server.keyId}`, { name: 'x' }),
      409,
      'conflict',
    );
    expectProblem(await asAdministrator('POST', `/v1/api-keys/${server.keyId}/rotate`), 409, 'conflict');
  });

  it('are rotated: the old secret goes on for its grace, and the id stays', async () => {
    const server = await makeServer(world, { administrator });
    const rotated = await asAdministrator('POST', `/v1/api-keys/${server.keyId}/rotate`, {
      graceSeconds: 60,
    });
    expect(rotated.body).toMatchObject({ id: server.keyId, key: expect.any(String) });
    const renewed = serverOf(world.client, rotated.body.key as string);
    expect([(await server.get('/v1/users')).status, (await renewed.get('/v1/users')).status]).toEqual([
      200, 200,
    ]);
    world.clock.advance(60_000);
    expectProblem(await server.get('/v1/users'), 401, 'invalid_api_key');
    expect((await renewed.get('/v1/users')).status).toBe(200);
    const again = await asAdministrator('POST', `/v1/api-keys/${server.keyId}/rotate`, { graceSeconds: 0 });
    expectProblem(await renewed.get('/v1/users'), 401, 'invalid_api_key');
    expect((await serverOf(world.client, again.body.key as string).get('/v1/users')).status).toBe(200);
  });

  it('work at once on every instance when they are rotated, the old secret no longer than everywhere else', async () => {
    const server = await makeServer(world, { administrator });
    const elsewhere = (key: string): ReturnType<typeof serverOf> => serverOf(other.client, key);
    expect((await elsewhere(server.key).get('/v1/users')).status).toBe(200);
    for (const graceSeconds of [60, 0]) {
      const { body } = await asAdministrator('POST', `/v1/api-keys/${server.keyId}/rotate`, { graceSeconds });
      const renewed = elsewhere(body.key as string);
      const answers = await Promise.all(Array.from({ length: 20 }, () => renewed.get('/v1/users')));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      // Once the new one was seen, the old one is held to what is known by then.
      const old = await elsewhere(server.key).get('/v1/users');
      expect(old.status).toBe(graceSeconds === 60 ? 200 : 401);
    }
  });

  it('may do at once, on every instance, what their scopes and their end were widened to', async () => {
    const server = await makeServer(world, { administrator, scopes: ['factors:read'] });
    const elsewhere = serverOf(other.client, server.key);
    expectProblem(await elsewhere.get('/v1/users'), 403, 'insufficient_scope');
    const path = `/v1/api-keys/${server.keyId}`;
    await asAdministrator('PATCH', path, { scopes: ['users:read', 'users:write'] });
    expect((await elsewhere.get('/v1/users')).status).toBe(200);
    const user = `/v1/users/${(await enrolServedUser(world, await makeServer(world, { administrator }))).externalId}`;
    expectProblem(await elsewhere.delete(user), 403, 'insufficient_scope');
    await asAdministrator('PATCH', path, { scopes: ['users:read', 'users:write', 'factors:write'] });
    expect((await elsewhere.delete(user)).status).toBe(204);
    const later = (ms: number): string => new Date(world.clock.now().getTime() + ms).toISOString();
    await asAdministrator('PATCH', path, { expiresAt: later(2_000) });
    world.clock.advance(4_000);
    expectProblem(await elsewhere.get('/v1/users'), 401, 'invalid_api_key');
    await asAdministrator('PATCH', path, { expiresAt: later(60_000) });
    expect((await elsewhere.get('/v1/users')).status).toBe(200);
  });

  it('expire', async () => {
    const expiresAt = new Date(world.clock.now().getTime() + 60_000).toISOString();
    const server = await makeServer(world, { administrator });
    await asAdministrator('PATCH', `/v1/api-keys/${server.keyId}`, { expiresAt, scopes: ['users:read'] });
    expect((await server.get('/v1/users')).status).toBe(200);
    expectProblem(await server.put(`/v1/users/${newExternalId()}`, {}), 403, 'insufficient_scope');
    world.clock.advance(60_000);
    expectProblem(await server.get('/v1/users'), 401, 'invalid_api_key');
  });

  it('tell when they were used last, by no more than a write a minute', async () => {
    const server = await makeServer(world, { administrator });
    const used = async (): Promise<unknown> =>
      (await asAdministrator('GET', `/v1/api-keys/${server.keyId}`)).body.lastUsedAt;
    await server.get('/v1/factor-types');
    const first = world.clock.now().toISOString();
    await eventually(async () => (await used()) === first);
    world.clock.advance(10_000);
    await server.get('/v1/factor-types');
    expect(await used()).toBe(first);
    world.clock.advance(60_000);
    await server.get('/v1/factor-types');
    await eventually(async () => (await used()) === world.clock.now().toISOString());
  });

  it('are managed by administrators only, and of their own application', async () => {
    const person = await register(world);
    const mine = { token: person.accessToken };
    expectProblem(await world.client.get('/v1/api-keys', mine), 403, 'forbidden');
    expectProblem(await world.client.post('/v1/api-keys', {}, mine), 403, 'forbidden');
    const slug = await makeApplication(world, 'elsewhere');
    const server = await makeServer(world, { administrator, application: slug });
    expectProblem(await asAdministrator('GET', `/v1/api-keys/${server.keyId}`), 404, 'not_found');
    const there = await world.client.get(`/v1/api-keys/${server.keyId}`, {
      token: administrator.token,
      headers: { 'x-application': slug },
    });
    expect(there.status).toBe(200);
    const wrongHeader = await world.client.get('/v1/users', {
      headers: { 'x-api-key': server.key, 'x-application': 'default' },
    });
    expectProblem(wrongHeader, 404, 'not_found');
    const me = await world.client.get('/v1/me', {
      token: administrator.token,
      headers: { 'x-application': slug },
    });
    expectProblem(me, 404, 'not_found');
  });
});

describe('applications', () => {
  let world: TestApp;
  let administrator: Administrator;
  beforeAll(async () => {
    world = await startTestApp();
    administrator = await makeAdministrator(world);
  });
  afterAll(() => world.stop());

  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    world.client.send(method, path, { body, token: administrator.token });

  it('are made with a slug of their own, and have the default policy but for what was decided', async () => {
    const made = await call('POST', '/v1/applications', {
      name: 'The Shop',
      slug: 'shop',
      allowedOrigins: ['https://shop.example.com'],
      policy: { registration: 'closed', notices: { sessionReuse: false }, allowedFactorTypes: ['totp'] },
    });
    expect({ status: made.status, body: made.body }).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^app_/),
        slug: 'shop',
        issuer: 'The Shop',
        policy: {
          registration: 'closed',
          requireVerifiedEmail: false,
          requireSecondFactor: false,
          allowedFactorTypes: ['totp'],
          trustedDevices: true,
          notices: { sessionReuse: false, factorAdded: true },
          defaultLocale: 'en',
          smsDailyLimit: null,
          emailDailyLimit: null,
        },
      },
    });
    expectProblem(await call('POST', '/v1/applications', { name: 'Another', slug: 'shop' }), 409, 'conflict');
    expect((await call('GET', `/v1/applications/${made.body.id}`)).body).toEqual(made.body);
    const listed = (await call('GET', '/v1/applications')).body.data as { slug: string }[];
    expect(listed.map(({ slug }) => slug)).toEqual(['default', 'shop']);
    const server = await makeServer(world, { administrator, application: 'shop' });
    expect((await server.get('/v1/factor-types')).body.data).toEqual([
      expect.objectContaining({ type: 'totp' }),
    ]);
    const closed = await world.client.post(
      '/v1/auth/register',
      { email: 'jo@example.com', password: 'correct horse battery staple' },
      { headers: { 'x-application': 'shop' } },
    );
    expectProblem(closed, 403, 'forbidden');
  });

  it('change part by part, at once where they are changed', async () => {
    const { body } = await call('POST', '/v1/applications', { name: 'Part', slug: 'part' });
    const path = `/v1/applications/${body.id}`;
    await call('PATCH', path, { policy: { notices: false, smsDailyLimit: 5 } });
    const changed = await call('PATCH', path, {
      issuer: 'Part & Co',
      policy: { notices: { factorAdded: true } },
    });
    expect(changed.body).toMatchObject({
      name: 'Part',
      issuer: 'Part & Co',
      policy: { smsDailyLimit: 5, notices: { factorAdded: true, factorRemoved: false, sessionReuse: false } },
    });
    expect(
      (await call('PATCH', path, { policy: { smsDailyLimit: null } })).body.policy.smsDailyLimit,
    ).toBeNull();
    const server = await makeServer(world, { administrator, application: 'part' });
    const user = await enrolServedUser(world, server);
    const asked = { user: user.externalId };
    const challenge = await server.post('/v1/challenges', asked);
    await call('PATCH', path, { policy: { trustedDevices: false } });
    const verified = await server.post(`/v1/challenges/${challenge.body.id}/verify`, {
      ...asked,
      code: user.code(),
      trustDevice: true,
    });
    expect(verified.status).toBe(200);
    expect(verified.body).not.toHaveProperty('deviceToken');
  });

  it.each([
    ['a slug in capitals', { name: 'x', slug: 'Shop' }],
    ['a slug with a dash at its end', { name: 'x', slug: 'shop-' }],
    ['no slug', { name: 'x' }],
    ['an issuer with a colon', { name: 'x', slug: 'x1', issuer: 'a:b' }],
    ['an origin with a path', { name: 'x', slug: 'x1', allowedOrigins: ['https://a.example/x'] }],
    ['an unknown part of a policy', { name: 'x', slug: 'x1', policy: { admin: true } }],
    ['an unknown factor type', { name: 'x', slug: 'x1', policy: { allowedFactorTypes: ['palm'] } }],
    ['an unknown notice', { name: 'x', slug: 'x1', policy: { notices: { everything: true } } }],
  ])('are not made with %s', async (_what, body) => {
    expectProblem(await call('POST', '/v1/applications', body), 400, 'validation_failed');
  });

  it('take the origins of apps, and say of a pattern what to write instead', async () => {
    const made = await call('POST', '/v1/applications', {
      name: 'Apps',
      slug: 'apps',
      allowedOrigins: ['capacitor://localhost', 'ionic://localhost'],
    });
    expect(made.status).toBe(201);
    const pattern = { allowedOrigins: ['https://app.example.com', 'https://*.example.com'] };
    const refused = await call('PATCH', `/v1/applications/${made.body.id}`, pattern);
    expectProblem(refused, 400, 'validation_failed');
    expect(refused.body.errors).toEqual([
      {
        path: 'allowedOrigins',
        message: expect.stringMatching(/“https:\/\/\*\.example\.com”.*list each one/),
      },
    ]);
  });

  it('keep their slug', async () => {
    const { body } = await call('POST', '/v1/applications', { name: 'Kept', slug: 'kept' });
    expectProblem(
      await call('PATCH', `/v1/applications/${body.id}`, { slug: 'other' }),
      400,
      'validation_failed',
    );
  });

  it('let browsers of their own origins in, and of no other application’s', async () => {
    const origin = 'https://browsers.example.com';
    await call('POST', '/v1/applications', { name: 'Browsers', slug: 'browsers', allowedOrigins: [origin] });
    const preflight = await world.client.send('OPTIONS', '/v1/auth/login', {
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-application',
      },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    const allowedBy = async (slug: string): Promise<string | null> => {
      const { headers } = await world.client.post(
        '/v1/auth/login',
        {},
        { headers: { origin, 'x-application': slug } },
      );
      return headers.get('access-control-allow-origin');
    };
    expect(await allowedBy('browsers')).toBe(origin);
    expect(await allowedBy('default')).toBeNull();
  });

  it('are managed each by its own administrators, all by those of the default one', async () => {
    const { body } = await call('POST', '/v1/applications', { name: 'Own', slug: 'own' });
    const headers = { 'x-application': 'own' };
    const account = { email: 'boss@own.example', password: 'correct horse battery staple' };
    await world.client.post('/v1/auth/register', account, { headers });
    await sql(world.databaseUrl, `UPDATE users SET role = 'admin' WHERE email = $1`, [account.email]);
    const token = (await passwordLogin(world, account, {}, headers)).body.accessToken as string;
    const own = (method: string, path: string, sent?: unknown): Promise<Answer> =>
      world.client.send(method, path, { token, body: sent });
    expect((await own('GET', '/v1/applications')).body.data).toEqual([
      expect.objectContaining({ slug: 'own' }),
    ]);
    expect((await own('PATCH', `/v1/applications/${body.id}`, { name: 'Mine' })).body.name).toBe('Mine');
    const [first] = (await call('GET', '/v1/applications')).body.data as { id: string }[];
    expectProblem(await own('GET', `/v1/applications/${first?.id}`), 404, 'not_found');
    expectProblem(await own('PATCH', `/v1/applications/${first?.id}`, { name: 'x' }), 404, 'not_found');
    expectProblem(await own('POST', '/v1/applications', { name: 'x', slug: 'x2' }), 403, 'forbidden');
    const elsewhere = await world.client.get('/v1/users', { token, headers: { 'x-application': 'default' } });
    expectProblem(elsewhere, 404, 'not_found');
  });
});

describe('administrators who need a second factor', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp({ env: { ADMIN_REQUIRE_SECOND_FACTOR: 'true' } });
  });
  afterAll(() => world.stop());

  it('read without one, and change nothing before they have proven a fresh one', async () => {
    const person = await registerWithTotp(world);
    await sql(world.databaseUrl, `UPDATE users SET role = 'admin' WHERE email = $1`, [person.email]);
    const key = { name: 'x', scopes: ['users:read'] };
    const bare = await makeAdministrator(world);
    expect((await world.client.get('/v1/api-keys', { token: bare.token })).status).toBe(200);
    expectProblem(
      await world.client.post('/v1/api-keys', key, { token: bare.token }),
      403,
      'step_up_required',
    );
    const user = { body: {}, token: bare.token };
    expectProblem(
      await world.client.send('PUT', `/v1/users/${newExternalId()}`, user),
      403,
      'step_up_required',
    );
    const { accessToken } = await logIn(world, person);
    expect((await world.client.post('/v1/api-keys', key, { token: accessToken })).status).toBe(201);
    world.clock.advance(10 * 60_000 + 1);
    expectProblem(
      await world.client.post('/v1/api-keys', key, { token: accessToken }),
      403,
      'step_up_required',
    );
  });
});
