import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ContractDocument, routesOf } from '../contract/contract-document.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { type Person, register } from '../factories/people.js';
import { expectProtected, expectRefusal } from '../factories/refusal.js';

const contract = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8'),
) as ContractDocument;

/** Methods of each path of the contract; where there is a GET, there is a HEAD. */
const paths = Object.entries(Object.groupBy(routesOf(contract), ({ path }) => path)).map(
  ([path, routes = []]) => {
    const methods = routes.map(({ method }) => method);
    return { path, methods: methods.includes('GET') ? [...methods, 'HEAD'].sort() : methods.sort() };
  },
);

const MISSING = '01jdc0m6bye5ts0kc28f7q9v3m';

describe('every answer', () => {
  let world: TestApp;
  let person: Person;
  beforeAll(async () => {
    world = await startTestApp();
    person = await register(world);
  });
  afterAll(() => world.stop());

  it.each([
    '/v1/me',
    '/v1/nowhere',
    '/v1/factor-types',
    '/.well-known/jwks.json',
    '/health',
    '/health/live',
    '/health/ready',
    '/openapi.json',
    '/docs',
    '/docs/swagger-ui-init.js',
    '/problems',
    '/problems/not_found',
    '/problems/nothing',
    '/',
  ])('carries the security headers, to GET and HEAD alike: %s', async (path) => {
    const [get, head] = await Promise.all([world.client.get(path), world.client.send('HEAD', path, {})]);
    expectProtected(get);
    expectProtected(head);
    expect(head.status).toBe(get.status);
    expect(head.body).toBeUndefined();
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
    expect(get.headers.get('strict-transport-security')).toBeNull();
    expect(get.headers.get('x-powered-by')).toBeNull();
    expect(get.headers.get('server')).toBeNull();
  });

  it('under /v1 may not be kept by anybody', async () => {
    const answers = await Promise.all([
      world.client.get('/v1/me', { token: person.accessToken }),
      world.client.get('/v1/me'),
      world.client.get('/v1/nowhere'),
      world.client.post('/v1/auth/login', '{'),
      world.client.send('PUT', '/v1/me', {}),
      world.client.get('/v1/me/factors/%zz'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 404, 400, 405, 400]);
    for (const { headers } of answers) expect(headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['POST', '/v1/auth/register', {}, ['email', 'password']],
    ['POST', '/v1/auth/register', { email: 'a@example.com' }, ['password']],
    ['POST', '/v1/auth/login', { password: 'x' }, ['email']],
    ['POST', '/v1/me/factors', {}, ['type']],
    ['POST', '/v1/me/factors', { type: 'sms' }, ['phoneNumber']],
    ['POST', '/v1/auth/password/reset', { token: 'x' }, ['newPassword']],
  ])(
    'to %s %s with %j says of missing fields that they are required',
    async (method, path, body, missing) => {
      const refused = await world.client.send(method, path, { body, token: person.accessToken });
      expect(refused.status).toBe(400);
      expect(refused.body.errors).toEqual(missing.map((field) => ({ path: field, message: 'is required' })));
    },
  );

  it('to a body of another type says what is taken and what came', async () => {
    for (const [type, came] of [
      ['text/plain', 'came as text/plain'],
      ['application/xml; charset=utf-8', 'came as application/xml; charset=utf-8'],
      ['application/json; charset=latin1', 'came as application/json; charset=latin1'],
      [`text/${'x'.repeat(200)}`, 'came as something else'],
    ] as const) {
      const headers = { 'content-type': type };
      const refused = await world.client.send('POST', '/v1/auth/login', { body: 'x', headers });
      expect(refused.status).toBe(415);
      expect(refused.body.detail).toBe(`Bodies are application/json in UTF-8; this one ${came}.`);
    }
  });

  it('to a body that is too long says the limit and the length', async () => {
    const refused = await world.client.post('/v1/auth/login', ' '.repeat(70_000));
    expect(refused.status).toBe(413);
    expect(refused.body.detail).toBe('Bodies may have 65536 bytes; this one has 70000.');
  });

  it.each([
    ['en_US', 'en-US'],
    ['de_AT', 'de-AT'],
    ['zh_Hant_TW', 'zh-Hant-TW'],
  ])('takes the language %s as %s', async (locale, kept) => {
    const changed = await world.client.patch('/v1/me', { locale }, { token: person.accessToken });
    expect(changed.body.locale).toBe(kept);
  });

  it('of a policy of its own lets the documentation work and nothing be framed', async () => {
    const { headers } = await world.client.get('/docs');
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe-eval');
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it.each(['a', 'A1._-', 'x'.repeat(64)])('gives a good X-Request-Id back: %s', async (id) => {
    const { headers, body } = await world.client.get('/v1/me', { headers: { 'X-Request-Id': id } });
    expect(headers.get('x-request-id')).toBe(id);
    expect(body.requestId).toBe(id);
  });

  it.each(['', ' ', 'a b', 'x'.repeat(65), 'a/b', 'a,b', '<script>', 'é', "'"])(
    'makes an X-Request-Id of its own for a bad one: “%s”',
    async (id) => {
      const { headers, body } = await world.client.get('/v1/me', { headers: { 'X-Request-Id': id } });
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(body.requestId).toBe(headers.get('x-request-id'));
    },
  );

  it('has a request id that no other has', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.client.get('/health/live')));
    expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(20);
  });

  it.each(paths)('names the methods of $path to those who use another', async ({ path, methods }) => {
    const url = path.replace('{id}', MISSING);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter(
      (m) => !methods.includes(m),
    )) {
      const answer = await world.client.send(method, url, { token: person.accessToken });
      expectRefusal(answer, 'method_not_allowed');
      expect(answer.headers.get('allow'), method).toBe(methods.join(', '));
    }
    if (!methods.includes('HEAD')) {
      const head = await world.client.send('HEAD', url, {});
      expect([head.status, head.headers.get('allow')]).toEqual([405, methods.join(', ')]);
    }
  });

  it.each([
    '/v1',
    '/v1/',
    '/v2/me',
    '/v1/me/x',
    '/admin',
    '/robots.txt',
    '/favicon.ico',
    '/v1/people',
    '/metrics',
  ])('to a path that does not exist is not found, whatever the method: %s', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      expectRefusal(await world.client.send(method, path, {}), 'not_found');
    }
  });

  it('points to a page that explains its problem', async () => {
    const { body } = await world.client.get('/v1/me');
    expect(body.type).toBe(`http://127.0.0.1:3000/problems/unauthenticated`);
    const page = await world.client.get('/problems/unauthenticated');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  });

  it('to an unknown origin allows it nothing', async () => {
    const origin = 'https://app.example.com';
    const plain = await world.client.get('/v1/me', { headers: { origin } });
    const preflight = await world.client.send('OPTIONS', '/v1/me', {
      headers: { origin, 'access-control-request-method': 'PATCH' },
    });
    expect(preflight.status).toBe(405);
    for (const { headers } of [plain, preflight]) {
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

describe('a service behind https with allowed origins', () => {
  const origin = 'https://app.example.com';
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp({
      env: { PUBLIC_URL: 'https://auth.example.com/sub', CORS_ORIGINS: `${origin},http://localhost:5173` },
    });
  });
  afterAll(() => world.stop());

  it.each(['/v1/me', '/health', '/nowhere', '/v1/%'])(
    'asks browsers to stay with https for a year: %s',
    async (path) => {
      const { headers } = await world.client.get(path);
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
    },
  );

  it('answers an allowed origin, and shows its scripts the headers they need', async () => {
    const answer = await world.client.get('/v1/me', { headers: { origin } });
    expectRefusal(answer, 'unauthenticated');
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('vary')).toContain('Origin');
    expect(answer.headers.get('access-control-expose-headers')).toContain('Retry-After');
    // A session may travel in a cookie, which scripts of an allowed origin send along.
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
  });

  it('lets an allowed origin ask first', async () => {
    const answer = await world.client.send('OPTIONS', '/v1/me', {
      headers: {
        origin,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization,content-type,x-application',
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(answer.headers.get('access-control-allow-headers')).toContain('authorization');
    expectProtected(answer);
  });

  it('names itself in what clients are made from, and where its problems are explained', async () => {
    const { body } = await world.client.get('/openapi.json');
    expect(body.servers).toEqual([{ url: 'https://auth.example.com/sub' }]);
    const { headers } = await world.client.get('/docs');
    expect(headers.get('content-security-policy')).toContain("connect-src 'self' https://auth.example.com");
  });

  it('has pages whose links stay under its path', async () => {
    for (const path of ['/problems', '/problems/not_found', '/problems/']) {
      const { status, body } = await world.client.get(path);
      if (status !== 200) continue;
      const links = [...String(body).matchAll(/href="([^"]+)"/g)].map(([, href = '']) => href);
      expect(links.length).toBeGreaterThan(0);
      for (const link of links) {
        const { pathname } = new URL(link, `https://auth.example.com/sub${path}`);
        expect(pathname).toMatch(/^\/sub\/problems/);
        expect((await world.client.get(pathname.replace('/sub', ''))).status).toBe(200);
      }
    }
  });

  it.each([
    'https://evil.example',
    'null',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'x',
  ])('allows nothing to the origin %s', async (stranger) => {
    const plain = await world.client.get('/v1/me', { headers: { origin: stranger } });
    const preflight = await world.client.send('OPTIONS', '/v1/me', {
      headers: { origin: stranger, 'access-control-request-method': 'GET' },
    });
    for (const { headers } of [plain, preflight])
      expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});
