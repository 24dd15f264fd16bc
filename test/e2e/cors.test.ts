import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { beginLogin, type PersonWithTotp, register, registerWithTotp } from '../factories/people.js';
import { sendRaw } from '../factories/raw-http.js';
import { type Administrator, makeAdministrator } from '../factories/servers.js';

const ORIGIN = 'https://shop.example.com';
const STRANGER = 'https://evil.example';
const CHALLENGE = 'chl_01jdc0m6bye5ts0kc28f7q9v3m';
const MISSING = `tmp_${Buffer.alloc(64).toString('base64url')}`;

/** What a page is told of an answer. */
interface Told {
  readonly origin: string | null;
  readonly credentials: string | null;
  readonly exposed: boolean;
}

describe('a page of an application that is not the default one', () => {
  let world: TestApp;
  let administrator: Administrator;
  let expired: string;
  let alive: string;
  let deadTemp: string;
  beforeAll(async () => {
    world = await startTestApp();
    administrator = await makeAdministrator(world);
    await world.client.post(
      '/v1/applications',
      { name: 'Shop', slug: 'shop', allowedOrigins: [ORIGIN] },
      { token: administrator.token },
    );
    const account = { email: 'jo@shop.example.com', password: 'plum quartz 77 lantern' };
    const inShop = { headers: { 'x-application': 'shop' } };
    expired = (await world.client.post('/v1/auth/register', account, inShop)).body.accessToken as string;
    const person: PersonWithTotp = await registerWithTotp(world);
    deadTemp = (await beginLogin(world, person)).tempToken;
    world.clock.advance(16 * 60_000);
    alive = (await world.client.post('/v1/auth/login', account, inShop)).body.accessToken as string;
  });
  afterAll(() => world.stop());

  const ask = (
    method: string,
    path: string,
    sent: Parameters<TestApp['client']['send']>[2],
    origin = ORIGIN,
  ) => world.client.send(method, path, { ...sent, headers: { origin, ...sent.headers } });

  const errors: readonly [string, number, (origin: string) => Promise<Answer | undefined>][] = [
    ['a token that has expired', 401, (origin) => ask('GET', '/v1/me', { token: expired }, origin)],
    ['a token of no kind', 401, (origin) => ask('GET', '/v1/me', { token: 'nonsense' }, origin)],
    ['no token', 401, (origin) => ask('GET', '/v1/me', {}, origin)],
    [
      'a temp token that opens nothing',
      401,
      (origin) =>
        ask(
          'POST',
          `/v1/challenges/${CHALLENGE}/verify`,
          { token: MISSING, body: { code: '123456' } },
          origin,
        ),
    ],
    [
      'a refresh without X-Application',
      401,
      (origin) => ask('POST', '/v1/auth/refresh', { body: { refreshToken: 'rft_nothing' } }, origin),
    ],
    [
      'an application that does not exist',
      404,
      (origin) =>
        ask('POST', '/v1/auth/login', { body: {}, headers: { 'x-application': 'nowhere' } }, origin),
    ],
    ['a body that is no JSON', 400, (origin) => ask('POST', '/v1/auth/login', { body: '{' }, origin)],
    ['a path that does not exist', 404, (origin) => ask('GET', '/v1/nowhere', {}, origin)],
    ['a method that is not allowed', 405, (origin) => ask('PUT', '/v1/me', {}, origin)],
    [
      'a body that is too large',
      413,
      (origin) => ask('POST', '/v1/auth/login', { body: 'x'.repeat(70_000) }, origin),
    ],
    [
      'a body of another type',
      415,
      (origin) =>
        ask('POST', '/v1/auth/login', { body: 'a=b', headers: { 'content-type': 'text/plain' } }, origin),
    ],
    [
      'a URL that cannot be decoded',
      400,
      (origin) =>
        sendRaw(
          world.client.baseUrl,
          `GET /v1/me/factors/%zz HTTP/1.1\r\nHost: localhost\r\nOrigin: ${origin}\r\nConnection: close\r\n\r\n`,
        ),
    ],
  ];

  it.each(errors)(
    'reads the error of %s (%i), without credentials; other pages do not',
    async (_what, status, send) => {
      const answer = await send(ORIGIN);
      expect([answer?.status, told(answer)]).toEqual([
        status,
        { origin: ORIGIN, credentials: null, exposed: true },
      ]);
      expect(answer?.headers.get('vary')).toContain('Origin');
      const stranger = await send(STRANGER);
      expect([stranger?.status, told(stranger)]).toEqual([
        status,
        { origin: null, credentials: null, exposed: false },
      ]);
    },
  );

  it('reads every answer of its own application, with credentials', async () => {
    const own = { origin: ORIGIN, credentials: 'true', exposed: true };
    expect(told(await ask('GET', '/v1/me', { token: alive }))).toEqual(own);
    const inShop = { headers: { 'x-application': 'shop' } };
    expect(told(await ask('POST', '/v1/auth/login', { ...inShop, body: {} }))).toEqual(own);
  });

  it('reads no answer of another application, error or not', async () => {
    const nothing = { origin: null, credentials: null, exposed: false };
    const elsewhere = await register(world);
    expect(told(await ask('GET', '/v1/me', { token: elsewhere.accessToken }))).toEqual(nothing);
    expect(told(await ask('DELETE', '/v1/me', { token: elsewhere.accessToken, body: { x: 1 } }))).toEqual(
      nothing,
    );
    const named = { headers: { 'x-application': 'default' } };
    expect(told(await ask('GET', '/v1/me', named))).toEqual(nothing);
    expect(told(await ask('POST', '/v1/challenges/chl_1/verify', { token: deadTemp, body: {} }))).toEqual(
      nothing,
    );
  });

  it.each(['/.well-known/jwks.json', '/openapi.json'])('of anybody reads %s', async (path) => {
    for (const origin of [ORIGIN, STRANGER]) {
      const answer = await ask('GET', path, {}, origin);
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });
});

function told(answer: Answer | undefined): Told {
  return {
    origin: answer?.headers.get('access-control-allow-origin') ?? null,
    credentials: answer?.headers.get('access-control-allow-credentials') ?? null,
    exposed: answer?.headers.get('access-control-expose-headers')?.includes('Retry-After') === true,
  };
}
