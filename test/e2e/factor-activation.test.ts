import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import { activate, answer, enrolTotp, stepUp } from '../factories/factors.js';
import { beginLogin, logIn, register, registerWithTotp } from '../factories/people.js';
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

  it('spends the code that activated the factor: it does not log in', async () => {
    const person = await register(world);
    const pending = await enrolTotp(world, person.accessToken);
    const code = pending.code();
    await activate(world, person.accessToken, pending.id, code);
    const refused = await answer(world, await beginLogin(world, person), { code });
    expect(refused.status).toBe(422);
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
