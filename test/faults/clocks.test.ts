import { TestClock } from '@countersign/core';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passwordLogin, trustDevice } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { answer } from '../factories/factors.js';
import { mailedToken } from '../factories/mails.js';
import { beginLogin, register, registerWithTotp } from '../factories/people.js';
import { makeServer, type Server } from '../factories/servers.js';
import { sql } from '../factories/sql.js';
import { IdempotentRequestsSweeper } from '../../libs/api-keys/src/idempotency/idempotent-requests.sweeper.js';
import { MailedLinksSweeper } from '../../libs/auth/src/mailed-links/mailed-links.sweeper.js';
import { EndedSessionsSweeper } from '../../libs/auth/src/sessions/ended-sessions.sweeper.js';
import { MessagesSweeper } from '../../libs/delivery/src/messages/messages.sweeper.js';
import { EndedDevicesSweeper } from '../../libs/devices/src/ended-devices.sweeper.js';
import { FactorsSweeper } from '../../libs/factors/src/factors.sweeper.js';

/** How far the clocks of two instances may be apart. */
const APART_MS = 45_000;

describe('two instances whose clocks are 45 seconds apart', () => {
  let behind: TestApp;
  let ahead: TestApp;
  beforeAll(async () => {
    const masterKey = randomBytes(32).toString('base64');
    const now = Date.now();
    behind = await startTestApp({ masterKey, clock: new TestClock(new Date(now)), env: { ROLE: 'all' } });
    const clock = new TestClock(new Date(now + APART_MS));
    ahead = await startTestApp({ masterKey, clock, databaseUrl: behind.databaseUrl });
  });
  afterAll(async () => {
    await behind.stop();
    await ahead.stop();
  });

  const pairs = (): readonly (readonly [TestApp, TestApp])[] => [
    [behind, ahead],
    [ahead, behind],
  ];

  it('take the tokens of each other, from the first moment on', async () => {
    for (const [here, there] of pairs()) {
      const { accessToken: token, refreshToken } = await register(here);
      expect((await there.client.get('/v1/me', { token })).status).toBe(200);
      const renewed = await there.client.post('/v1/auth/refresh', { refreshToken });
      expect(renewed.status).toBe(200);
      expect((await here.client.get('/v1/me', { token: renewed.body.accessToken as string })).status).toBe(
        200,
      );
      // The predecessor, once more: the same session goes on, whichever instance is asked.
      expect((await here.client.post('/v1/auth/refresh', { refreshToken })).status).toBe(200);
    }
  });

  it('answer the challenges of each other, and spend an answer for both', async () => {
    for (const [here, there] of pairs()) {
      const person = await registerWithTotp(here);
      const [backupCode = '', another = ''] = person.backupCodes;
      const challenge = await beginLogin(here, person);
      expect((await answer(there, challenge, { code: backupCode })).status).toBe(200);
      const replay = await answer(here, await beginLogin(here, person), { code: backupCode });
      expect(replay.status).toBe(422);
      const code = person.code();
      expect((await answer(here, await beginLogin(here, person), { code })).status).toBe(200);
      expect((await answer(there, await beginLogin(there, person), { code })).status).toBe(422);
      expect((await answer(there, await beginLogin(here, person), { code: another })).status).toBe(200);
    }
  });

  it('honour a mailed link wherever it is opened', async () => {
    for (const [here, there] of pairs()) {
      const person = await register(here);
      await here.client.post('/v1/auth/password/forgot', { email: person.email });
      const token = await mailedToken(behind, person.email, 'reset-password');
      const newPassword = 'plum quartz 77 lantern';
      expect(
        (await there.client.post('/v1/auth/password/reset', { token, newPassword })).status,
      ).toBeLessThan(300);
      expect((await passwordLogin(here, { ...person, password: newPassword })).status).toBe(200);
    }
  });
});

describe('a clock that steps back', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  it('logs nobody out, and lets in whoever can prove themselves', async () => {
    const person = await registerWithTotp(world);
    const { accessToken: token, refreshToken } = await register(world);
    world.clock.advance(-10 * 60_000);
    expect((await world.client.get('/v1/me', { token })).status).toBe(200);
    const renewed = await world.client.post('/v1/auth/refresh', { refreshToken });
    expect(renewed.status).toBe(200);
    expect((await world.client.get('/v1/me', { token: renewed.body.accessToken as string })).status).toBe(
      200,
    );
    const challenge = await beginLogin(world, person);
    // Its codes are those of steps that count as spent until the clock is where it was; backup codes are not.
    expect((await answer(world, challenge, { code: person.code() })).status).toBe(422);
    const [code = ''] = person.backupCodes;
    expect((await answer(world, challenge, { code })).status).toBe(200);
  });

  it('lengthens the life of nothing by more than the step', async () => {
    const { accessToken: token } = await register(world);
    world.clock.advance(-60_000);
    expect((await world.client.get('/v1/me', { token })).status).toBe(200);
    world.clock.advance(17 * 60_000);
    expect((await world.client.get('/v1/me', { token })).status).toBe(401);
  });
});

describe('a clock that runs years ahead', () => {
  let world: TestApp;
  let server: Server;
  beforeAll(async () => {
    world = await startTestApp();
    server = await makeServer(world);
  });
  afterAll(() => world.stop());

  const SWEPT = {
    sessions: 'ends_at',
    devices: 'expires_at',
    factors: 'expires_at',
    mailed_links: 'expires_at',
    messages: 'created_at',
    idempotent_requests: 'expires_at',
    spent_challenges: 'spent_at',
  };
  const counts = async (): Promise<Record<string, number>> => {
    const columns = Object.keys(SWEPT).map((table) => `(SELECT count(*)::integer FROM ${table}) AS ${table}`);
    const [row] = await sql<Record<string, number>>(world.databaseUrl, `SELECT ${columns.join(', ')}`);
    return row ?? {};
  };
  const sweepAll = async (): Promise<void> => {
    const { app } = world;
    await app.get(EndedSessionsSweeper, { strict: false }).sweep();
    await app.get(EndedDevicesSweeper, { strict: false }).sweep();
    await app.get(FactorsSweeper, { strict: false }).sweep();
    await app.get(MailedLinksSweeper, { strict: false }).sweep();
    await app.get(MessagesSweeper, { strict: false }).sweep();
    await app.get(IdempotentRequestsSweeper, { strict: false }).sweep();
  };

  it('removes nothing that others still need; what is over by the database’s clock goes', async () => {
    const person = await registerWithTotp(world);
    await trustDevice(world, person);
    await world.client.post('/v1/auth/password/forgot', { email: person.email });
    await server.post(
      '/v1/users/someone/factors',
      { type: 'email', email: 'someone@example.com' },
      { 'idempotency-key': 'one' },
    );
    const before = await counts();
    expect(Object.values(before)).not.toContain(0);
    const years = 3 * 365 * 86_400_000;
    world.clock.advance(years);
    await sweepAll();
    world.clock.advance(-years);
    expect(await counts()).toEqual(before);

    for (const [table, column] of Object.entries(SWEPT)) {
      await sql(world.databaseUrl, `UPDATE ${table} SET ${column} = now() - interval '1 year'`);
    }
    await sweepAll();
    expect(await counts()).toEqual({
      ...Object.fromEntries(Object.keys(SWEPT).map((table) => [table, 0])),
      // Active ones have no end.
      factors: 2,
    });
  });
});
