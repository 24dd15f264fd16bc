import { TestClock } from '@countersign/core';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passwordLogin } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { answer } from '../factories/factors.js';
import { mailedToken } from '../factories/mails.js';
import { beginLogin, register, registerWithTotp } from '../factories/people.js';

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
