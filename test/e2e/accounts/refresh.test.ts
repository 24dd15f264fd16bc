import { decodeJwt } from 'jose';
import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenFrom } from '@countersign/core';
import {
  MILESTONE_EVERY,
  type PresentedRefreshToken,
  RefreshTokens,
} from '../../../libs/auth/src/tokens/refresh-tokens.js';
import { expectProblem, makeApplication, passwordLogin, setStatus } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { logIn, register, registerWithTotp } from '../../factories/people.js';
import { eventsOf, sql, uuidOf } from '../../factories/sql.js';

const DAY_MS = 24 * 60 * 60_000;

function parsed(tokens: RefreshTokens, text: string): PresentedRefreshToken {
  const token = tokens.parse(text);
  if (token === undefined) throw new Error(`${text} is no refresh token`);
  return token;
}

function rotated(tokens: RefreshTokens, token: PresentedRefreshToken, times: number): PresentedRefreshToken {
  let current = token;
  for (let time = 0; time < times; time += 1) current = parsed(tokens, tokens.successor(current).token);
  return current;
}

function textOf({ sessionId, secret }: PresentedRefreshToken): string {
  return tokenFrom('rft', [sessionId], secret).token;
}

describe('refresh', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  const refresh = (refreshToken: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    world.client.post('/v1/auth/refresh', { refreshToken }, { headers });
  const refreshed = async (refreshToken: string): Promise<string> => {
    const { status, body } = await refresh(refreshToken);
    expect(status).toBe(200);
    return body.refreshToken as string;
  };
  /** Rotations are dated by the database's clock, which no test moves. */
  const passGrace = (accessToken: string): Promise<unknown> =>
    sql(
      world.databaseUrl,
      `UPDATE sessions SET rotated_at = rotated_at - interval '11 seconds' WHERE id = $1`,
      [uuidOf(String(decodeJwt(accessToken)['sid']))],
    );

  it('answers a new pair for the same session', async () => {
    const person = await register(world);
    world.clock.advance(60_000);
    const { status, body } = await refresh(person.refreshToken);
    expect(status).toBe(200);
    expect(body).toEqual({
      user: expect.objectContaining({ id: person.id }),
      accessToken: expect.any(String),
      expiresIn: 900,
      refreshToken: expect.stringMatching(/^rft_/),
      refreshExpiresIn: 604_800,
    });
    expect(body.refreshToken).not.toBe(person.refreshToken);
    const [before, after] = [decodeJwt(person.accessToken), decodeJwt(body.accessToken)];
    expect(after['sid']).toBe(before['sid']);
    expect(after['auth_time']).toBe(before['auth_time']);
    expect(after.iat).toBe((before.iat ?? 0) + 60);
    expect((await world.client.get('/v1/me', { token: body.accessToken })).status).toBe(200);
  });

  it('gives the predecessor the same successor again within ten seconds, and not after', async () => {
    const person = await register(world);
    const first = await refresh(person.refreshToken);
    const second = await refresh(person.refreshToken);
    expect(second.status).toBe(200);
    expect(second.body.refreshToken).toBe(first.body.refreshToken);
    await passGrace(person.accessToken);
    expectProblem(await refresh(person.refreshToken), 401, 'invalid_token');
  });

  it('gives one successor to twenty refreshes at once', async () => {
    const person = await register(world);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(person.refreshToken)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    await refreshed(answers[0]?.body.refreshToken);
  });

  it('ends the session when a spent token comes back, and writes down why', async () => {
    const person = await register(world);
    const other = await passwordLogin(world, person);
    const successor = await refreshed(person.refreshToken);
    await passGrace(person.accessToken);
    expectProblem(await refresh(person.refreshToken), 401, 'invalid_token');

    expectProblem(await refresh(successor), 401, 'invalid_token');
    expectProblem(await world.client.get('/v1/me', { token: person.accessToken }), 401, 'invalid_token');
    expect((await world.client.get('/v1/me', { token: other.body.accessToken })).status).toBe(200);
    const sessionId = decodeJwt(person.accessToken)['sid'];
    expect((await eventsOf(world.databaseUrl, person.id)).slice(-2)).toEqual([
      { type: 'session.reuse_detected', data: { sessionId } },
      { type: 'session.revoked', data: { sessionId, reason: 'reuse_detected' } },
    ]);
  });

  it('ends the session for a token older than the predecessor, also within ten seconds', async () => {
    const person = await register(world);
    const successor = await refreshed(await refreshed(person.refreshToken));
    expectProblem(await refresh(person.refreshToken), 401, 'invalid_token');
    expectProblem(await refresh(successor), 401, 'invalid_token');
    expect(await eventsOf(world.databaseUrl, person.id, 'session.reuse_detected')).toHaveLength(1);
  });

  it('ends the session for a token of however many rotations ago', async () => {
    const person = await register(world);
    const tokens = world.app.get(RefreshTokens);
    const first = parsed(tokens, person.refreshToken);
    const before = rotated(tokens, first, MILESTONE_EVERY - 1);
    const rotate = (generation: number, { digest }: PresentedRefreshToken): Promise<unknown> =>
      sql(
        world.databaseUrl,
        `UPDATE sessions SET generation = $2, refresh_digest = $3, previous_digest = NULL WHERE id = $1`,
        [first.sessionId, generation, digest],
      );
    // As if it had been rotated so often: once for real where a milestone is, and far beyond it.
    await rotate(MILESTONE_EVERY - 1, before);
    const token = await refreshed(textOf(before));
    const now = rotated(tokens, parsed(tokens, token), MILESTONE_EVERY + 1);
    await rotate(2 * MILESTONE_EVERY + 1, now);
    expectProblem(await refresh(person.refreshToken), 401, 'invalid_token');
    expect(await eventsOf(world.databaseUrl, person.id, 'session.reuse_detected')).toHaveLength(1);
    expectProblem(await refresh(textOf(now)), 401, 'invalid_token');
  });

  it('ends the session once when a stolen token comes ten times at once', async () => {
    const person = await register(world);
    await refreshed(await refreshed(person.refreshToken));
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(person.refreshToken)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
    expect(await eventsOf(world.databaseUrl, person.id, 'session.reuse_detected')).toHaveLength(1);
  });

  it('lets nobody end a session with a token that was never given', async () => {
    const person = await register(world);
    const successor = await refreshed(person.refreshToken);
    const body = Buffer.from(successor.slice('rft_'.length), 'base64url');
    const forge = (secret: Buffer): string =>
      `rft_${Buffer.concat([body.subarray(0, 16), secret]).toString('base64url')}`;
    const forgeries = [
      forge(randomBytes(32)),
      forge(Buffer.alloc(32)),
      // The successor as somebody would make it who does not know the sealed key.
      forge(createHmac('sha256', Buffer.alloc(32)).update(body.subarray(16)).digest()),
    ];
    for (const forged of forgeries) expectProblem(await refresh(forged), 401, 'invalid_token');
    await refreshed(successor);
    expect(await eventsOf(world.databaseUrl, person.id, 'session.reuse_detected')).toEqual([]);
  });

  it.each([
    ['an empty text', ''],
    ['an access token', 'eyJhbGciOiJFUzI1NiJ9.e30.AA'],
    ['a device token', `dvt_${randomBytes(64).toString('base64url')}`],
    ['a token of no session', `rft_${randomBytes(48).toString('base64url')}`],
  ])('refuses %s', async (_kind, token) => {
    expectProblem(await refresh(token), 401, 'invalid_token');
  });

  it('takes a token in its one spelling only', async () => {
    const { refreshToken } = await register(world);
    for (const spelled of [
      `${refreshToken}=`,
      ` ${refreshToken}`,
      `${refreshToken}\n`,
      refreshToken.toUpperCase(),
    ]) {
      expectProblem(await refresh(spelled), 401, 'invalid_token');
    }
    await refreshed(refreshToken);
  });

  it('is over seven days after the last refresh', async () => {
    const [late, early] = [await register(world), await register(world)];
    world.clock.advance(7 * DAY_MS - 1_000);
    await refreshed(early.refreshToken);
    world.clock.advance(1_000);
    expectProblem(await refresh(late.refreshToken), 401, 'invalid_token');
  });

  it('is over thirty days after login, whatever happens', async () => {
    const person = await register(world);
    let { refreshToken } = person;
    for (let day = 6; day < 30; day += 6) {
      world.clock.advance(6 * DAY_MS);
      refreshToken = await refreshed(refreshToken);
    }
    world.clock.advance(6 * DAY_MS - 60_000);
    const last = await refresh(refreshToken);
    expect(last.body).toMatchObject({ expiresIn: 60, refreshExpiresIn: 60 });
    world.clock.advance(60_000);
    expectProblem(await refresh(last.body.refreshToken), 401, 'invalid_token');
    expectProblem(await world.client.get('/v1/me', { token: last.body.accessToken }), 401, 'invalid_token');
  });

  it('keeps the time and the methods of the proof', async () => {
    const tokens = await logIn(world, await registerWithTotp(world));
    const before = decodeJwt(tokens.accessToken);
    world.clock.advance(5 * 60_000);
    const after = decodeJwt((await refresh(tokens.refreshToken)).body.accessToken);
    expect(before['mfa_time']).toEqual(expect.any(Number));
    for (const claim of ['mfa_time', 'auth_time', 'amr']) expect(after[claim]).toEqual(before[claim]);
  });

  it('refuses a suspended user, and continues when the user may come back', async () => {
    const person = await register(world);
    await setStatus(world, person.email, 'suspended');
    expectProblem(await refresh(person.refreshToken), 401, 'invalid_token');
    await setStatus(world, person.email, 'active');
    await refreshed(person.refreshToken);
  });

  it('keeps to the application of its session', async () => {
    const shop = { 'x-application': await makeApplication(world, 'shop') };
    const person = await register(world);
    expectProblem(await refresh(person.refreshToken, shop), 404, 'not_found');
    expectProblem(await refresh(`rft_${randomBytes(48).toString('base64url')}`, shop), 401, 'invalid_token');
    const named = await refresh(person.refreshToken, { 'x-application': 'default' });
    expect(named.status).toBe(200);
    const customer = { email: 'customer@example.com', password: 'plum quartz 77 lantern' };
    const there = await world.client.post('/v1/auth/register', customer, { headers: shop });
    await refreshed(there.body.refreshToken);
  });

  it('stores no token in clear', async () => {
    const person = await register(world);
    const successor = await refreshed(person.refreshToken);
    const rows = await sql(world.databaseUrl, 'SELECT * FROM sessions WHERE user_id = $1', [
      uuidOf(person.id),
    ]);
    const stored = JSON.stringify(rows.map((row) => Object.values(row).map(String)));
    for (const token of [person.refreshToken, successor]) {
      expect(stored).not.toContain(token.slice('rft_'.length));
      const secret = Buffer.from(token.slice('rft_'.length), 'base64url').subarray(16);
      const digests = rows.map((row) => row['refresh_digest'] as Buffer);
      expect(digests.some((digest) => digest.includes(secret))).toBe(false);
    }
  });
});
