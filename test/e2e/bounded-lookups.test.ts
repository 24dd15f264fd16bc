import { ApiKeyStore } from '@countersign/api-keys';
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CONTRACT_LIMITS, startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { roundTripsOf } from '../factories/round-trips.js';
import { makeServer, type Server } from '../factories/servers.js';

const LIMIT = 100;
const REQUESTS = 200;

describe('what a stranger makes up costs PostgreSQL nothing beyond the limit of their address:', () => {
  let world: TestApp;
  let server: Server;
  beforeAll(async () => {
    world = await startTestApp({ env: CONTRACT_LIMITS });
    server = await makeServer(world);
  });
  afterAll(() => world.stop());

  const statementsOf = async (
    ask: (turn: number) => Promise<Answer>,
  ): Promise<{ statements: number; last: Answer }> => {
    const { result, statements } = await roundTripsOf(async () => {
      let last: Answer | undefined;
      for (let turn = 0; turn < REQUESTS; turn += 20) {
        const answers = await Promise.all(Array.from({ length: 20 }, (_, more) => ask(turn + more)));
        last = answers.at(-1);
      }
      return last;
    });
    if (result === undefined) throw new Error('nothing was asked');
    return { statements: statements.length, last: result };
  };
  const afresh = (): void => world.clock.advance(16 * 60_000);

  it('preflights with ever new origins', async () => {
    const { statements, last } = await statementsOf((turn) =>
      world.client.send('OPTIONS', '/v1/me', {
        headers: { origin: `https://a${turn}.example.com`, 'access-control-request-method': 'GET' },
      }),
    );
    expect(last.headers.get('access-control-allow-origin')).toBeNull();
    expect(statements).toBeLessThanOrEqual(1);
  });

  it('errors read by pages of ever new origins', async () => {
    const { statements } = await statementsOf((turn) =>
      world.client.get('/v1/nowhere', { headers: { origin: `https://b${turn}.example.com` } }),
    );
    expect(statements).toBeLessThanOrEqual(1);
  });

  it('keys that were never made, their checksum right', async () => {
    afresh();
    const { statements, last } = await statementsOf(() =>
      world.client.get('/v1/users', { headers: { 'x-api-key': madeUpKey() } }),
    );
    expect(last.status).toBe(429);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(statements).toBeLessThanOrEqual(LIMIT + 5);
    const beyond = await statementsOf(() =>
      world.client.get('/v1/users', { headers: { 'x-api-key': madeUpKey() } }),
    );
    expect(beyond.statements).toBe(0);
  });

  it('guesses at the secret of a key whose id is known', async () => {
    afresh();
    expect((await server.get('/v1/factor-types')).status).toBe(200);
    const guess = (): string => madeUpKey(server.key.slice(3, 29));
    const { statements, last } = await statementsOf(() =>
      world.client.get('/v1/users', { headers: { 'x-api-key': guess() } }),
    );
    expect(last.status).toBe(429);
    expect(statements).toBeLessThanOrEqual(LIMIT + 5);
    expect((await server.get('/v1/factor-types')).status, 'the key itself goes on').toBe(200);
    world.clock.advance(60_000);
    expect((await server.get('/v1/factor-types')).status, 'also when it is looked up again').toBe(200);
  });

  it('applications that do not exist', async () => {
    afresh();
    const { statements, last } = await statementsOf((turn) =>
      world.client.get('/v1/me', { headers: { 'x-application': `nowhere-${turn}` } }),
    );
    expect(last.status).toBe(429);
    expect(statements).toBeLessThanOrEqual(LIMIT + 5);
    expect((await world.client.get('/v1/me', { headers: { 'x-application': 'default' } })).status).not.toBe(
      404,
    );
  });

  it('temp tokens of applications that do not exist', async () => {
    afresh();
    const { statements, last } = await statementsOf(() =>
      world.client.get('/v1/challenges/chl_1', { token: `tmp_${randomBytes(64).toString('base64url')}` }),
    );
    expect(last.status).toBe(429);
    expect(statements).toBeLessThanOrEqual(LIMIT + 5);
  });

  it.each(['/health/ready', '/health'])('%s, however often it is asked', async (path) => {
    const { statements, last } = await statementsOf(() => world.client.get(path));
    expect(last.status).toBe(200);
    expect(statements).toBeLessThanOrEqual(5);
  });

  it('requests that miss nothing take nothing: a key works though its address asks without one too often', async () => {
    afresh();
    await statementsOf(() => world.client.get('/v1/me'));
    expect((await world.client.get('/v1/me')).status).toBe(429);
    expect((await server.get('/v1/factor-types')).status).toBe(200);
    const fresh = await makeServer(world);
    expect((await fresh.get('/v1/factor-types')).status).toBe(200);
  });

  it('lookups that PostgreSQL does not answer are no misses: after an outage the key works', async () => {
    afresh();
    const unknown = await makeServer(world);
    const check = vi
      .spyOn(ApiKeyStore.prototype, 'check')
      .mockRejectedValue(new Error('Connection terminated'));
    const statuses = new Set<number>();
    for (let turn = 0; turn <= LIMIT; turn += 1) {
      statuses.add((await unknown.get('/v1/factor-types')).status);
    }
    check.mockRestore();
    expect([...statuses]).toEqual([503]);
    expect((await unknown.get('/v1/factor-types')).status).toBe(200);
  });

  it('many requests with a key that this instance does not know yet ask for it once', async () => {
    afresh();
    const unknown = await makeServer(world);
    const check = vi.spyOn(ApiKeyStore.prototype, 'check');
    const answers = await Promise.all(Array.from({ length: 150 }, () => unknown.get('/v1/factor-types')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(check.mock.calls.length).toBeLessThan(10);
    check.mockRestore();
  });
});

/** A key as only its checksum makes it one. */
function madeUpKey(suffix = madeUpSuffix()): string {
  const body = `cs_${suffix}_${randomBytes(22).toString('hex').slice(0, 43)}`;
  return `${body}${base62(crc32(body))}`;
}

function madeUpSuffix(): string {
  return Array.from(randomBytes(26), (byte, at) =>
    '0123456789abcdefghjkmnpqrstvwxyz'.charAt(at === 0 ? 0 : byte % 32),
  ).join('');
}

function base62(value: number): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let text = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = `${digits.charAt(rest % 62)}${text}`;
  return text.padStart(6, '0');
}
