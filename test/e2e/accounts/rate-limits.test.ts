import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectProblem, makeApplication, passwordLogin } from '../../factories/accounts.js';
import { CONTRACT_LIMITS, startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer, Client } from '../../factories/client.js';
import { type Person, register } from '../../factories/people.js';

const MINUTE_MS = 60_000;

const limitsOf = ({ headers }: Answer): (string | null)[] => [
  headers.get('ratelimit'),
  headers.get('ratelimit-policy'),
];

/** Without a password it is counted, and answered without the cost of a hash. */
const login = (client: Client, email: string, address: string): Promise<Answer> =>
  client.post('/v1/auth/login', { email }, { headers: { 'x-forwarded-for': address } });

const statusesOf = async (answers: readonly Promise<Answer>[]): Promise<Record<number, number>> => {
  const counts: Record<number, number> = {};
  for (const { status } of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

const times = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index));

describe('rate limits', () => {
  let world: TestApp;
  let person: Person;
  let address: string;
  let host = 0;
  beforeAll(async () => {
    world = await startTestApp({ env: { ...CONTRACT_LIMITS, TRUST_PROXY: '1' } });
    person = await register(world);
  });
  // Each test comes from an address of its own.
  beforeEach(() => {
    host += 1;
    address = `198.51.100.${host}`;
  });
  afterAll(() => world.stop());

  const attempt = (email: string, from = address): Promise<Answer> => login(world.client, email, from);

  it('count an address once for all applications', async () => {
    await makeApplication(world, 'second');
    const headers = { 'x-forwarded-for': address };
    const turns = times(51, (index) => {
      const more = index % 2 === 0 ? {} : { 'x-application': 'second' };
      const email = `somebody-${index}@example.com`;
      return world.client.post('/v1/auth/login', { email }, { headers: { ...headers, ...more } });
    });
    expect(await statusesOf(turns)).toEqual({ 400: 50, 429: 1 });
  });

  it('allow five logins in fifteen minutes for an address with an account, and say so', async () => {
    const policy = '"login";q=5;w=900';
    for (const left of [4, 3, 2, 1, 0]) {
      const allowed = await passwordLogin(world, person, {}, { 'x-forwarded-for': address });
      expect(allowed.status).toBe(200);
      expect(limitsOf(allowed)).toEqual([`"login";r=${left};t=900`, policy]);
      expect(allowed.headers.get('retry-after')).toBeNull();
    }
    world.clock.advance(5 * MINUTE_MS + 500);
    const limited = await passwordLogin(world, person, {}, { 'x-forwarded-for': address });
    expectProblem(limited, 429, 'rate_limited');
    expect(limitsOf(limited)).toEqual(['"login";r=0;t=600', policy]);
    expect(limited.headers.get('retry-after')).toBe('600');
    expect(limited.body.detail).toBe(
      'The limit is 5 logins to one account from one address, right passwords included, in 15 minutes. Try again in 600 seconds.',
    );

    expect((await attempt('other@example.com')).status).toBe(400);
    expect((await attempt(person.email, '192.0.2.77')).status).toBe(400);
    world.clock.advance(10 * MINUTE_MS);
    expect(limitsOf(await attempt(person.email))).toEqual(['"login";r=4;t=900', policy]);
  });

  it('compare account names as they are stored', async () => {
    for (const name of [
      'a@example.com',
      'A@EXAMPLE.com',
      ' a@example.com',
      'a@example.com\t',
      'a@Example.com',
    ]) {
      await attempt(name);
    }
    expectProblem(await attempt('a@example.com'), 429, 'rate_limited');
  });

  it('allow fifty logins in fifteen minutes for an address, whatever the accounts', async () => {
    expect(await statusesOf(times(50, (index) => attempt(`user-${index}@example.com`)))).toEqual({ 400: 50 });
    const limited = await attempt('one-more@example.com');
    expectProblem(limited, 429, 'rate_limited');
    expect(limitsOf(limited)).toEqual(['"login_address";r=0;t=900', '"login_address";q=50;w=900']);
    expect(limited.headers.get('retry-after')).toBe('900');
    expect((await attempt('one-more@example.com', '192.0.2.78')).status).toBe(400);
  });

  it('take nothing from the address for a login that its account stopped', async () => {
    await statusesOf(times(5, () => attempt('stopped@example.com')));
    expect(await statusesOf(times(60, () => attempt('stopped@example.com')))).toEqual({ 429: 60 });
    expect((await attempt('free@example.com')).status).toBe(400);
  });

  it('allow five registrations in fifteen minutes for an address', async () => {
    const headers = { 'x-forwarded-for': address };
    const registration = (): Promise<Answer> => world.client.post('/v1/auth/register', {}, { headers });
    for (const left of [4, 3, 2, 1, 0]) {
      expect(limitsOf(await registration())).toEqual([`"register";r=${left};t=900`, '"register";q=5;w=900']);
    }
    const limited = await registration();
    expectProblem(limited, 429, 'rate_limited');
    expect(limited.headers.get('retry-after')).toBe('900');
    const neighbour = { 'x-forwarded-for': '192.0.2.79' };
    expect((await world.client.post('/v1/auth/register', {}, { headers: neighbour })).status).toBe(400);
  });

  it('allow anything else a hundred times in fifteen minutes for a session, wherever it comes from', async () => {
    const { body } = await passwordLogin(world, person, {}, { 'x-forwarded-for': address });
    const token = body.accessToken as string;
    const me = (index: number): Promise<Answer> =>
      world.client.get('/v1/me', { token, headers: { 'x-forwarded-for': `192.0.2.${index}` } });
    expect(limitsOf(await me(0))).toEqual(['"default";r=99;t=900', '"default";q=100;w=900']);
    expect(await statusesOf(times(104, me))).toEqual({ 200: 99, 429: 5 });
    expectProblem(await world.client.get('/v1/auth/sessions', { token }), 429, 'rate_limited');
    const other = await passwordLogin(world, person, {}, { 'x-forwarded-for': address });
    expect((await world.client.get('/v1/me', { token: other.body.accessToken })).status).toBe(200);
  });

  it('allow anything else a hundred times in fifteen minutes for an address without a session', async () => {
    const headers = { 'x-forwarded-for': address };
    const refresh = (): Promise<Answer> =>
      world.client.post('/v1/auth/refresh', { refreshToken: 'none' }, { headers });
    expect(await statusesOf(times(60, refresh))).toEqual({ 401: 60 });
    // A credential that is none opens no count of its own.
    const token = (): string => `tmp_${randomBytes(64).toString('base64url')}`;
    const invalid = (): Promise<Answer> => world.client.get('/v1/me', { token: token(), headers });
    expect(await statusesOf(times(45, invalid))).toEqual({ 401: 40, 429: 5 });
  });

  it('take the /64 of an IPv6 address for one address', async () => {
    const network = `2001:db8:${host}:1`;
    await statusesOf(times(5, (index) => attempt('six@example.com', `${network}:${index}::${index}`)));
    expectProblem(await attempt('six@example.com', `${network}:ffff:ffff:ffff:ffff`), 429, 'rate_limited');
    expect((await attempt('six@example.com', `2001:db8:${host}:2::1`)).status).toBe(400);
  });

  it('take an IPv4 address in its IPv6 form for the IPv4 address', async () => {
    await statusesOf(times(5, () => attempt('mapped@example.com')));
    expectProblem(await attempt('mapped@example.com', `::ffff:${address}`), 429, 'rate_limited');
    expect((await attempt('mapped@example.com', '::ffff:192.0.2.80')).status).toBe(400);
  });

  it('go by what the nearest trusted proxy saw, not by what a client wrote before it', async () => {
    await statusesOf(times(5, (index) => attempt('spoof@example.com', `10.0.0.${index}, ${address}`)));
    expectProblem(await attempt('spoof@example.com', `10.0.0.99, ${address}`), 429, 'rate_limited');
  });

  it('leave the rest of the service alone', async () => {
    for (const path of ['/health/live', '/.well-known/jwks.json', '/openapi.json']) {
      const answer = await world.client.get(path);
      expect(limitsOf(answer)).toEqual([null, null]);
    }
  });
});

describe('rate limits without a trusted proxy', () => {
  it('go by the socket, whatever the forwarding headers say', async () => {
    const world = await startTestApp({ env: CONTRACT_LIMITS });
    try {
      const forged = (index: number): Record<string, string> => ({
        'x-forwarded-for': `192.0.2.${index}`,
        forwarded: `for=192.0.2.${index}`,
        'x-real-ip': `192.0.2.${index}`,
      });
      const attempts = times(7, (index) =>
        world.client.post('/v1/auth/login', { email: 'a@example.com' }, { headers: forged(index) }),
      );
      expect(await statusesOf(attempts)).toEqual({ 400: 5, 429: 2 });
      const { accessToken } = await register(world);
      const sessions = await world.client.get('/v1/auth/sessions', {
        token: accessToken,
        headers: forged(9),
      });
      expect(sessions.body.data[0].ip).toBe('127.0.0.1');
    } finally {
      await world.stop();
    }
  });
});

describe.skipIf(process.env['TEST_REDIS_URL'] === undefined)(
  'rate limits of two instances on one Redis',
  () => {
    it('are one limit, counted exactly under parallel requests', async () => {
      const masterKey = randomBytes(32).toString('base64');
      const env = { ...CONTRACT_LIMITS, TRUST_PROXY: '1' };
      const one = await startTestApp({ env, masterKey });
      const { databaseUrl, clock } = one;
      const other = await startTestApp({ env, masterKey, databaseUrl, clock });
      try {
        const instances = [one, other];
        const spread = (of: (client: Client) => Promise<Answer>, count: number): Promise<Answer>[] =>
          times(count, (index) => of((instances[index % 2] ?? one).client));
        const { accessToken: token } = await register(one);
        expect(await statusesOf(spread((client) => client.get('/v1/me', { token }), 130))).toEqual({
          200: 100,
          429: 30,
        });
        const logins = spread((client) => login(client, 'a@example.com', '192.0.2.1'), 20);
        expect(await statusesOf(logins)).toEqual({ 400: 5, 429: 15 });
      } finally {
        await one.stop();
        await other.stop();
      }
    });
  },
);
