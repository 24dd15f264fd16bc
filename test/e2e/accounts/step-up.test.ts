import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, passwordLogin, setStatus, trustDevice } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { answer, beginStepUp, stepUp } from '../../factories/factors.js';
import { logIn, register, registerWithTotp } from '../../factories/people.js';
import { eventsOf } from '../../factories/sql.js';

const MINUTE_MS = 60_000;

describe('step-up', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  const prove = (token: string, body: object = {}): ReturnType<typeof world.client.post> =>
    world.client.post('/v1/auth/step-up', body, { token });
  const seconds = (): number => Math.floor(world.clock.now().getTime() / 1_000);

  it('without a factor takes the password, and answers a token of the same session with a fresh auth_time', async () => {
    const person = await register(world);
    world.clock.advance(12 * MINUTE_MS);
    const { status, body } = await prove(person.accessToken, { password: person.password });
    expect(status).toBe(200);
    expect(body).toEqual({ status: 'authenticated', accessToken: expect.any(String), expiresIn: 900 });
    const [before, after] = [decodeJwt(person.accessToken), decodeJwt(body.accessToken)];
    expect(after).toMatchObject({ sid: before['sid'], auth_time: seconds(), amr: ['pwd'] });
    expect(after['mfa_time']).toBeUndefined();
    const events = await eventsOf(world.databaseUrl, person.id, 'session.stepped_up');
    expect(events.map(({ data }) => data)).toEqual([{ sessionId: before['sid'], method: 'password' }]);
    const enrolled = await world.client.post('/v1/me/factors', { type: 'totp' }, { token: body.accessToken });
    expect(enrolled.status).toBe(201);
  });

  it('opens what it was asked for with the new token only; refreshed, it stays fresh', async () => {
    const person = await register(world);
    world.clock.advance(12 * MINUTE_MS);
    await prove(person.accessToken, { password: person.password });
    const old = await world.client.post('/v1/me/factors', { type: 'totp' }, { token: person.accessToken });
    expectProblem(old, 403, 'step_up_required');
    const { body } = await world.client.post('/v1/auth/refresh', { refreshToken: person.refreshToken });
    expect(decodeJwt(body.accessToken)['auth_time']).toBe(seconds());
  });

  it('without a factor refuses a wrong password, and asks for a missing one', async () => {
    const person = await register(world);
    expectProblem(
      await prove(person.accessToken, { password: 'wrong 42 wrong' }),
      401,
      'invalid_credentials',
    );
    const missing = await prove(person.accessToken);
    expectProblem(missing, 400, 'validation_failed');
    expect(missing.body.errors).toEqual([{ path: 'password', message: expect.any(String) }]);
  });

  it('with a factor opens a challenge, whose answer is a token of the same session with a fresh mfa_time', async () => {
    const person = await registerWithTotp(world);
    const { accessToken } = await logIn(world, person);
    world.clock.advance(12 * MINUTE_MS);
    const opened = await prove(accessToken);
    expect(opened.status).toBe(201);
    expect(opened.body).toEqual({
      tempToken: expect.stringMatching(/^tmp_/),
      expiresIn: 300,
      challenge: expect.objectContaining({ purpose: 'step_up', status: 'pending', attemptsLeft: 5 }),
    });
    const challenge = { id: opened.body.challenge.id, tempToken: opened.body.tempToken };
    const verified = await answer(world, challenge, { code: person.code() });
    expect(verified.status).toBe(200);
    expect(verified.body).toEqual({
      status: 'authenticated',
      accessToken: expect.any(String),
      expiresIn: 900,
    });
    const [before, after] = [decodeJwt(accessToken), decodeJwt(verified.body.accessToken)];
    expect(after).toMatchObject({ sid: before['sid'], mfa_time: seconds(), auth_time: before['auth_time'] });
    const events = await eventsOf(world.databaseUrl, person.id, 'session.stepped_up');
    expect(events.map(({ data }) => data)).toEqual([
      { sessionId: before['sid'], method: 'factor', factorId: person.factorId, factorType: 'totp' },
    ]);
    world.clock.advance(MINUTE_MS);
  });

  it('with a factor takes no password instead', async () => {
    const person = await registerWithTotp(world);
    const { accessToken } = await logIn(world, person);
    const { status, body } = await prove(accessToken, { password: person.password });
    expect({ status, tokens: body.accessToken }).toEqual({ status: 201, tokens: undefined });
  });

  it('is not done by a trusted device', async () => {
    const person = await registerWithTotp(world);
    const deviceToken = await trustDevice(world, person);
    const login = await passwordLogin(world, person, { deviceToken });
    expect((await prove(login.body.accessToken)).status).toBe(201);
    expectProblem(await prove(login.body.accessToken, { deviceToken }), 400, 'validation_failed');
  });

  it('brings a session that a trusted device opened to a second factor', async () => {
    const person = await registerWithTotp(world);
    const deviceToken = await trustDevice(world, person);
    const login = await passwordLogin(world, person, { deviceToken });
    const proven = decodeJwt(await stepUp(world, person, login.body.accessToken));
    expect(proven).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], mfa_time: seconds() - 30 });
  });

  it('trusts no device', async () => {
    const person = await registerWithTotp(world);
    const challenge = await beginStepUp(world, (await logIn(world, person)).accessToken);
    const { body } = await answer(world, challenge, { code: person.code(), trustDevice: true });
    expect(body).toEqual({ status: 'authenticated', accessToken: expect.any(String), expiresIn: 900 });
    world.clock.advance(30_000);
    const { accessToken } = await logIn(world, person);
    expect((await world.client.get('/v1/me/devices', { token: accessToken })).body.data).toEqual([]);
  });

  it('comes to nothing when its session ended meanwhile', async () => {
    const person = await registerWithTotp(world);
    const { accessToken } = await logIn(world, person);
    const challenge = await beginStepUp(world, accessToken);
    await world.client.post('/v1/auth/logout', undefined, { token: accessToken });
    expectProblem(await answer(world, challenge, { code: person.code() }), 401, 'invalid_token');
  });

  it('comes to nothing when its user was suspended meanwhile', async () => {
    const person = await registerWithTotp(world);
    const challenge = await beginStepUp(world, (await logIn(world, person)).accessToken);
    await setStatus(world, person.email, 'suspended');
    expectProblem(await answer(world, challenge, { code: person.code() }), 401, 'invalid_token');
  });
});
