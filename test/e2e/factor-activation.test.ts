import { decodeJwt } from 'jose';
import * as OTPAuth from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, passwordLogin } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { enrolCodes, inScript, newestCode } from '../factories/codes.js';
import { activate, answer, enrolTotp, stepUp } from '../factories/factors.js';
import { beginLogin, logIn, register, registerWithTotp } from '../factories/people.js';
import { makeServer, newExternalId } from '../factories/servers.js';
import { eventsOf } from '../factories/sql.js';

describe('activating a factor', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  it('gives ten codes with the first active factor, and none with the next', async () => {
    const person = await register(world);
    const first = await enrolTotp(world, person.accessToken);
    const activated = await activate(world, person.accessToken, first.id, first.code());
    expect(activated.status).toBe(200);
    expect(activated.body.factor).toMatchObject({ id: first.id, status: 'active', isDefault: true });
    expect(new Set(activated.body.backupCodes).size).toBe(10);
    for (const code of activated.body.backupCodes) expect(code).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-?){4}$/);

    world.clock.advance(30_000);
    const token = await stepUp(world, { ...person, factorId: first.id, backupCodes: [], code: first.code });
    const second = await enrolTotp(world, token);
    const added = await activate(world, token, second.id, second.code());
    expect(added.status).toBe(200);
    expect(added.body.factor).toMatchObject({ status: 'active', isDefault: false });
    expect(added.body).not.toHaveProperty('backupCodes');
  });

  it('counts as the second factor proven now, in a new token of its session: a key can be added at once', async () => {
    const person = await register(world);
    const { accessToken: token } = person;
    const pending = await enrolTotp(world, token);
    const { status, body } = await activate(world, token, pending.id, pending.code());
    expect({ status, body }).toMatchObject({ status: 200, body: { expiresIn: 900 } });
    const [before, after] = [decodeJwt(token), decodeJwt(body.accessToken)];
    expect(after).toMatchObject({
      sid: before['sid'],
      amr: ['pwd', 'otp', 'mfa'],
      mfa_time: Math.floor(world.clock.now().getTime() / 1_000),
    });
    const addKey = (accessToken: string): Promise<Answer> =>
      world.client.post('/v1/me/factors', { type: 'webauthn' }, { token: accessToken });
    expectProblem(await addKey(token), 403, 'step_up_required');
    expect((await addKey(body.accessToken)).status).toBe(201);
    const { refreshToken } = person;
    const refreshed = await world.client.post('/v1/auth/refresh', { refreshToken });
    expect(decodeJwt(refreshed.body.accessToken)['mfa_time']).toBe(after['mfa_time']);
  });

  it("proves nothing by a code that went to the account's own address, nor to any other session", async () => {
    const person = await register(world);
    const other = await passwordLogin(world, person);
    const own = await enrolCodes(world, person.accessToken, { email: person.email });
    const activated = await activate(world, person.accessToken, own.body.id, newestCode(world, person.email));
    expect(activated.status).toBe(200);
    expect(Object.keys(activated.body).sort()).toEqual(['backupCodes', 'factor']);
    expect((await world.client.get('/v1/me', { token: other.body.accessToken })).status).toBe(401);

    const owner = await registerWithTotp(world);
    const first = await logIn(world, owner);
    const second = await logIn(world, owner);
    const elsewhere = `elsewhere-${owner.email}`;
    const pending = await enrolCodes(world, first.accessToken, { email: elsewhere });
    world.clock.advance(60_000);
    const added = await activate(world, first.accessToken, pending.body.id, newestCode(world, elsewhere));
    expect(decodeJwt(added.body.accessToken)['mfa_time']).toBe(
      Math.floor(world.clock.now().getTime() / 1_000),
    );
    const { refreshToken } = second;
    const refreshed = await world.client.post('/v1/auth/refresh', { refreshToken });
    expect(decodeJwt(refreshed.body.accessToken)['mfa_time']).toBe(decodeJwt(second.accessToken)['mfa_time']);
  });

  it('gives a server no token of anybody', async () => {
    const server = await makeServer(world);
    const factors = `/v1/users/${newExternalId()}/factors`;
    const { body } = await server.post(factors, { type: 'totp' });
    const totp = OTPAuth.URI.parse(body.otpauthUri) as OTPAuth.TOTP;
    const code = totp.generate({ timestamp: world.clock.now().getTime() });
    const activated = await server.post(`${factors}/${body.id}/activate`, { code });
    expect(activated.status).toBe(200);
    expect(Object.keys(activated.body).sort()).toEqual(['backupCodes', 'factor']);
  });

  it('spends the code that activated the factor: it does not log in', async () => {
    const person = await register(world);
    const pending = await enrolTotp(world, person.accessToken);
    const code = pending.code();
    await activate(world, person.accessToken, pending.id, code);
    const refused = await answer(world, await beginLogin(world, person), { code });
    expect(refused.status).toBe(422);
  });

  it('takes the code in digits of any script', async () => {
    const person = await register(world);
    const pending = await enrolTotp(world, person.accessToken);
    const spelled = inScript(pending.code(), '\u06f0');
    expect((await activate(world, person.accessToken, pending.id, `\u2067${spelled}\u2069`)).status).toBe(
      200,
    );
  });

  it('ends other sessions and trusted devices with the first factor, and none with the next', async () => {
    const person = await register(world);
    const { email, password } = person;
    const login = await world.client.post('/v1/auth/login', { email, password });
    const other = login.body.accessToken as string;
    const first = await enrolTotp(world, person.accessToken);
    expect((await activate(world, person.accessToken, first.id, first.code())).status).toBe(200);
    expect((await world.client.get('/v1/me', { token: other })).status).toBe(401);
    expect((await world.client.get('/v1/me', { token: person.accessToken })).status).toBe(200);
    world.clock.advance(30_000);

    const owner = { ...person, factorId: first.id, backupCodes: [], code: first.code };
    const trusting = await answer(world, await beginLogin(world, owner), {
      code: first.code(),
      trustDevice: true,
    });
    expect(trusting.body.deviceToken).toMatch(/^dvt_/);
    world.clock.advance(30_000);
    const token = await stepUp(world, owner);
    const second = await enrolTotp(world, token);
    expect((await activate(world, token, second.id, second.code())).status).toBe(200);
    for (const kept of [token, trusting.body.accessToken]) {
      expect((await world.client.get('/v1/me', { token: kept })).status).toBe(200);
    }
    const refreshed = await world.client.post('/v1/auth/refresh', {
      refreshToken: trusting.body.refreshToken,
    });
    expect(refreshed.status).toBe(200);
    const { deviceToken } = trusting.body;
    const trusted = await world.client.post('/v1/auth/login', { email, password, deviceToken });
    expect(trusted.body.status).toBe('authenticated');
  });

  it('ends trusted devices with the first factor of a user who had removed the last', async () => {
    const person = await registerWithTotp(world);
    const { deviceToken } = (
      await answer(world, await beginLogin(world, person), { code: person.code(), trustDevice: true })
    ).body;
    world.clock.advance(30_000);
    const token = await stepUp(world, person);
    await world.client.delete(`/v1/me/factors/${person.factorId}`, { token });
    const pending = await enrolTotp(world, token);
    await activate(world, token, pending.id, pending.code());
    const { email, password } = person;
    const login = await world.client.post('/v1/auth/login', { email, password, deviceToken });
    expect(login.body.status).toBe('challenge_required');
  });

  it('records what happened without a secret in it', async () => {
    const person = await registerWithTotp(world);
    await logIn(world, person);
    const events = await eventsOf(world.databaseUrl, person.id);
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining([
        'user.created',
        'session.created',
        'factor.enrolled',
        'factor.activated',
        'two_factor.enabled',
        'challenge.verified',
      ]),
    );
    expect(events.filter(({ type }) => type === 'two_factor.enabled')).toHaveLength(1);
    const activated = events.filter(({ type }) => type === 'factor.activated');
    expect(activated.map(({ data }) => data['factorType']).sort()).toEqual(['backup_code', 'totp']);
    const all = JSON.stringify(events);
    for (const secret of [...person.backupCodes, person.password, person.email]) {
      expect(all).not.toContain(secret);
    }
  });
});
