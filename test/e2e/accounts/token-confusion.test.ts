import { decodeJwt, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, signingKeyOf, trustDevice } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { beginStepUp } from '../../factories/factors.js';
import { beginLogin, logIn, type OpenChallenge, registerWithTotp } from '../../factories/people.js';
import { sendRaw } from '../../factories/raw-http.js';
import { makeServer } from '../../factories/servers.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

interface Route {
  readonly method: string;
  readonly path: string;
  /** The credentials that the document names; none for routes open to all. */
  readonly takes: readonly string[];
}

interface Operation {
  readonly security?: readonly Readonly<Record<string, unknown>>[];
}

describe('each token opens one door', () => {
  let world: TestApp;
  let routes: readonly Route[];
  let accessToken: string;
  let challenge: OpenChallenge;
  /** Every kind of credential there is, and some that there are not. */
  let tokens: Readonly<Record<string, string>>;

  beforeAll(async () => {
    world = await startTestApp();
    routes = await documentedRoutes(world);
    const person = await registerWithTotp(world);
    const deviceToken = await trustDevice(world, person);
    const session = await logIn(world, person);
    challenge = await beginLogin(world, person);
    const { kid, privateKey } = signingKeyOf(world);
    const assertion = await new SignJWT({ ...decodeJwt(session.accessToken), aud: 'default' })
      .setProtectedHeader({ alg: 'ES256', kid, typ: '2fa-assertion+jwt' })
      .sign(privateKey);
    accessToken = session.accessToken;
    tokens = {
      accessToken,
      tempToken: challenge.tempToken,
      refreshToken: session.refreshToken,
      deviceToken,
      assertion,
      sessionId: String(decodeJwt(accessToken)['sid']),
      apiKey: (await makeServer(world)).key,
      mistypedKey: 'cs_01jdc0m6bye5ts0kc28f7q9v3m_0123456789abcdef0123456789abcdef0123456789a012345',
      disguisedRefreshToken: session.refreshToken.replace('rft_', 'tmp_'),
      disguisedDeviceToken: deviceToken.replace('dvt_', 'tmp_'),
    };
  });
  afterAll(() => world.stop());

  const pathOf = ({ path }: Route): string =>
    path
      .replace('{user}', 'any')
      .replace('{deliveryId}', 'any')
      .replace('{id}', path.startsWith('/v1/challenges/{id}') ? challenge.id : 'any');
  const call = (route: Route, token: string): ReturnType<typeof world.client.send> =>
    world.client.send(route.method, pathOf(route), {
      token,
      ...(['post', 'patch', 'put'].includes(route.method) ? { body: {} } : {}),
    });

  it('covers every documented route, and every kind of credential', () => {
    const counts = (kind: string): number => routes.filter(({ takes }) => takes.includes(kind)).length;
    expect(counts('accessToken')).toBeGreaterThanOrEqual(40);
    expect(counts('apiKey')).toBeGreaterThanOrEqual(30);
    expect(counts('tempToken')).toBe(2);
    expect(routes.filter(({ takes }) => takes.length === 0).map(({ path }) => path)).toEqual([
      '/v1/auth/register',
      '/v1/auth/login',
      '/v1/auth/refresh',
      '/v1/auth/password/forgot',
      '/v1/auth/password/reset',
      '/v1/auth/email/verify',
    ]);
  });

  it('and a route takes the kind that is documented, which is why the refusals below mean something', async () => {
    const shown = await world.client.get('/v1/me', { token: accessToken });
    expect(shown.status).toBe(200);
    const verify = { method: 'POST', path: '/v1/challenges/{id}/verify', takes: ['tempToken'] };
    expectProblem(await call(verify, challenge.tempToken), 400, 'validation_failed');
  });

  it('and no route takes a token of any other kind', async () => {
    for (const route of routes.filter(({ takes }) => takes.length > 0)) {
      for (const [kind, token] of Object.entries(tokens)) {
        if (route.takes.includes(kind)) continue;
        // Shaped like a temp token, it is one that opens nothing: also 401, once there is an answer to look at.
        if (kind.startsWith('disguised') && route.takes.includes('tempToken')) continue;
        const { status, body } = await call(route, token);
        const mistyped = kind === 'mistypedKey' && route.takes.includes('apiKey');
        expect({ route, kind, status, code: body?.code }).toEqual({
          route,
          kind,
          status: 401,
          code: mistyped ? 'invalid_api_key' : 'invalid_token',
        });
      }
    }
  });

  it('and no route takes two credentials at once, however good each is', async () => {
    for (const route of routes.filter(({ takes }) => takes.length > 0)) {
      const headers = { 'x-api-key': tokens['apiKey'] ?? '' };
      if (!route.takes.includes('apiKey')) {
        const alone = await world.client.send(route.method, pathOf(route), { headers });
        expectProblem(alone, 401, 'invalid_token');
      }
      for (const kind of route.takes.filter((taken) => taken !== 'apiKey')) {
        const answer = await world.client.send(route.method, pathOf(route), { headers, token: tokens[kind] });
        expectProblem(answer, 401, 'invalid_token');
        if (kind in tokens) expect(answer.body.detail).toMatch(/^Two different credentials came/);
      }
    }
  });

  it('and the same credential twice counts once', async () => {
    const key = tokens['apiKey'] ?? '';
    for (const headers of [
      { 'x-api-key': key, authorization: `Bearer ${key}` },
      { 'x-api-key': `${key}, ${key}` },
    ]) {
      expect((await world.client.get('/v1/users', { headers })).status).toBe(200);
    }
    const twice = await sendRaw(
      world.client.baseUrl,
      rawGet('/v1/me', `Authorization: Bearer ${accessToken}`, `Authorization: bearer ${accessToken}`),
    );
    expect(twice?.status).toBe(200);
    const [first, second] = [`Authorization: Bearer ${accessToken}`, `Authorization: Bearer ${key}`];
    for (const lines of [
      [first, second],
      [second, first],
    ]) {
      const different = await sendRaw(world.client.baseUrl, rawGet('/v1/me', ...lines));
      expect([different?.status, different?.body.code]).toEqual([401, 'invalid_token']);
      expect(different?.body.detail).toContain('Two different credentials');
    }
  });

  it.each([
    ['/v1/me', 'apiKey', 'An API key came; this route takes an access token.'],
    ['/v1/me', 'mistypedKey', 'An API key came; this route takes an access token.'],
    ['/v1/me', 'tempToken', 'A temp token came; this route takes an access token.'],
    ['/v1/me', 'refreshToken', 'A refresh token came; this route takes an access token.'],
    ['/v1/me', 'deviceToken', 'A device token came; this route takes an access token.'],
    ['/v1/me', 'assertion', 'An assertion came; this route takes an access token.'],
    ['/v1/users', 'tempToken', 'A temp token came; this route takes an API key or an access token.'],
    ['/v1/challenges', 'accessToken', 'An access token came; this route takes an API key.'],
  ])('and %s says of the %s what came and what it takes', async (path, kind, detail) => {
    const method = path === '/v1/challenges' ? 'POST' : 'GET';
    const answer = await world.client.send(method, path, { token: tokens[kind] });
    expectProblem(answer, 401, 'invalid_token');
    expect(answer.body.detail).toBe(detail);
  });

  it('and every closed route asks for a credential where none is sent', async () => {
    for (const route of routes.filter(({ takes }) => takes.length > 0)) {
      const answer = await world.client.send(route.method, pathOf(route), {});
      expectProblem(answer, 401, 'unauthenticated');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it.each(['accessToken', 'tempToken', 'deviceToken', 'disguisedRefreshToken'])(
    'and the %s refreshes no session',
    async (kind) => {
      const body = { refreshToken: tokens[kind] };
      expectProblem(await world.client.post('/v1/auth/refresh', body), 401, 'invalid_token');
    },
  );

  it.each(['accessToken', 'tempToken', 'refreshToken', 'disguisedRefreshToken'])(
    'and the %s stands in for no device',
    async (kind) => {
      const person = await registerWithTotp(world);
      const { email, password } = person;
      const body = { email, password, deviceToken: tokens[kind] };
      expect((await world.client.post('/v1/auth/login', body)).body.status).toBe('challenge_required');
    },
  );

  it('and a temp token opens its own challenge only, a disguised one none', async () => {
    const person = await registerWithTotp(world);
    const [own, other] = [await beginLogin(world, person), await beginLogin(world, person)];
    const stepUp = await beginStepUp(world, (await logIn(world, person)).accessToken);
    const disguised = tokens['disguisedDeviceToken'] ?? '';
    for (const tempToken of [other.tempToken, stepUp.tempToken, disguised]) {
      const body = { code: person.code() };
      const answer = await world.client.post(`/v1/challenges/${own.id}/verify`, body, { token: tempToken });
      expectProblem(answer, 401, 'invalid_token');
    }
  });
});

function rawGet(path: string, ...lines: readonly string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...lines, '', ''].join('\r\n');
}

async function documentedRoutes({ client }: TestApp): Promise<Route[]> {
  const { body } = await client.get('/openapi.json');
  const standard = body.security as Operation['security'];
  const paths = Object.entries(body.paths as Record<string, Record<string, Operation>>);
  return paths.flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (operation === undefined || !path.startsWith('/v1/')) return [];
      const takes = (operation.security ?? standard ?? []).flatMap((requirement) => Object.keys(requirement));
      return [{ method: method.toUpperCase(), path, takes }];
    }),
  );
}
