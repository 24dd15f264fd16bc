import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import {
  activate,
  addTotp,
  answer,
  beginStepUp,
  enrolTotp,
  factorsOf,
  stepUp,
} from '../factories/factors.js';
import { beginLogin, logIn, registerWithTotp } from '../factories/people.js';
import { eventsOf } from '../factories/sql.js';

const MINUTE = 60_000;

describe('changing and removing factors', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  const change = (token: string, factorId: string, body: unknown) =>
    world.client.patch(`/v1/me/factors/${factorId}`, body, { token });
  const remove = (token: string, factorId: string) =>
    world.client.delete(`/v1/me/factors/${factorId}`, { token });
  const statusOfMe = async (token: string): Promise<number> =>
    (await world.client.get('/v1/me', { token })).status;

  it('renames a factor, and clears its name with null', async () => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    const named = await change(token, person.factorId, { label: 'Old phone' });
    expect(named.status).toBe(200);
    expect(named.body).toMatchObject({ id: person.factorId, label: 'Old phone', isDefault: true });
    expect((await change(token, person.factorId, {})).body.label).toBe('Old phone');
    expect((await change(token, person.factorId, { label: 'Old phone' })).status).toBe(200);
    expect((await change(token, person.factorId, { label: null })).body.label).toBeNull();
    const told = { factorId: person.factorId, factorType: 'totp', fields: ['label'] };
    const events = await eventsOf(world.databaseUrl, person.id, 'factor.updated');
    expect(events.map(({ data }) => data)).toEqual([told, told]);
  });

  it('has one default: another factor takes it over', async () => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    const second = await addTotp(world, token);
    expect((await change(token, second.id, { isDefault: true })).body.isDefault).toBe(true);
    const defaults = (await factorsOf(world, token)).filter(({ isDefault }) => isDefault);
    expect(defaults.map(({ id }) => id)).toEqual([second.id]);
    const events = await eventsOf(world.databaseUrl, person.id, 'factor.updated');
    expect(events.map(({ data }) => data)).toEqual([
      { factorId: second.id, factorType: 'totp', fields: ['isDefault'] },
    ]);
  });

  it('lets neither backup codes nor a pending factor be the default', async () => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    const pending = await enrolTotp(world, token);
    const codes = (await factorsOf(world, token)).find(({ type }) => type === 'backup_code');
    for (const id of [pending.id, codes?.id ?? '']) {
      const refused = await change(token, id, { isDefault: true });
      expect(refused.status).toBe(409);
      expect(refused.body.code).toBe('conflict');
    }
    expect((await factorsOf(world, token)).find(({ isDefault }) => isDefault)?.id).toBe(person.factorId);
  });

  it('refuses unknown fields and values with 400', async () => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    const bodies = [
      { isDefault: false },
      { isDefault: 'yes' },
      { type: 'sms' },
      { label: 5 },
      { lockedAt: null },
    ];
    for (const body of bodies) {
      expect((await change(token, person.factorId, body)).status, JSON.stringify(body)).toBe(400);
    }
  });

  it('knows only the own factors: any other id is 404', async () => {
    const [person, stranger] = [await registerWithTotp(world), await registerWithTotp(world)];
    const token = await stepUp(world, person);
    const unknown = `${stranger.factorId.slice(0, -4)}0000`;
    for (const id of [stranger.factorId, unknown, 'fac_', 'nonsense', person.id]) {
      expect((await change(token, id, { label: 'mine' })).status, id).toBe(404);
      expect((await remove(token, id)).status, id).toBe(404);
    }
    expect((await world.client.get('/v1/me', { token: stranger.accessToken })).body.twoFactorEnabled).toBe(
      true,
    );
  });

  it('asks for a second factor proven in the last ten minutes', async () => {
    const person = await registerWithTotp(world);
    const attempts = async (token: string) => [
      await change(token, person.factorId, { label: 'x' }),
      await remove(token, person.factorId),
      await world.client.post('/v1/me/factors', { type: 'totp' }, { token }),
      await world.client.post('/v1/me/factors', { type: 'backup_code' }, { token }),
    ];
    // The password alone was proven a moment ago.
    const fresh = await attempts(person.accessToken);
    const token = await stepUp(world, person);
    world.clock.advance(10 * MINUTE + 1_000);
    for (const refused of [...fresh, ...(await attempts(token))]) {
      expect(refused.status).toBe(403);
      expect(refused.body.code).toBe('step_up_required');
    }
  });

  it('hands a removed default over to the oldest factor that is left', async () => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    const second = await addTotp(world, token);
    const third = await addTotp(world, token);
    expect((await remove(token, person.factorId)).status).toBe(204);
    const left = await factorsOf(world, token);
    expect(left.filter(({ type }) => type === 'totp').map(({ id, isDefault }) => [id, isDefault])).toEqual([
      [second.id, true],
      [third.id, false],
    ]);
    expect(left.filter(({ type }) => type === 'backup_code')).toHaveLength(1);
  });

  it('ends other sessions and all trusted devices with any removal, but not the session that did it', async () => {
    const person = await registerWithTotp(world);
    const trusting = await answer(world, await beginLogin(world, person), {
      code: person.code(),
      trustDevice: true,
    });
    world.clock.advance(30_000);
    const token = await stepUp(world, person);
    const second = await addTotp(world, token);
    expect(await statusOfMe(trusting.body.accessToken)).toBe(200);

    expect((await remove(token, second.id)).status).toBe(204);
    expect(await statusOfMe(trusting.body.accessToken)).toBe(401);
    expect(await statusOfMe(token)).toBe(200);
    const { refreshToken, deviceToken } = trusting.body;
    expect((await world.client.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
    const { email, password } = person;
    const login = await world.client.post('/v1/auth/login', { email, password, deviceToken });
    expect(login.body.status).toBe('challenge_required');
    expect((await world.client.get('/v1/me/devices', { token })).body.data).toEqual([]);
  });

  it('takes the backup codes with the last factor; the password alone logs in again', async () => {
    const person = await registerWithTotp(world);
    const other = await logIn(world, person);
    const token = await stepUp(world, person);
    expect((await remove(token, person.factorId)).status).toBe(204);
    expect(await factorsOf(world, token)).toEqual([]);
    expect(await statusOfMe(other.accessToken)).toBe(401);
    expect((await world.client.get('/v1/me', { token })).body.twoFactorEnabled).toBe(false);
    const { email, password } = person;
    const login = await world.client.post('/v1/auth/login', { email, password });
    expect(login.body.status).toBe('authenticated');

    const events = await eventsOf(world.databaseUrl, person.id);
    const removed = events.filter(({ type }) => type === 'factor.removed');
    expect(removed.map(({ data }) => data['factorType']).sort()).toEqual(['backup_code', 'totp']);
    expect(events.filter(({ type }) => type === 'two_factor.disabled')).toHaveLength(1);
  });

  it('keeps the second factor on when only the backup codes are removed', async () => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    const codes = (await factorsOf(world, token)).find(({ type }) => type === 'backup_code');
    expect((await remove(token, codes?.id ?? '')).status).toBe(204);
    const [code = ''] = person.backupCodes;
    expect((await answer(world, await beginLogin(world, person), { code })).status).toBe(422);
    expect(await eventsOf(world.databaseUrl, person.id, 'two_factor.disabled')).toEqual([]);
  });

  it('lets go of a pending factor without ending anything', async () => {
    const person = await registerWithTotp(world);
    const other = await logIn(world, person);
    const token = await stepUp(world, person);
    const pending = await enrolTotp(world, token);
    expect((await remove(token, pending.id)).status).toBe(204);
    expect((await remove(token, pending.id)).status).toBe(404);
    expect(await statusOfMe(other.accessToken)).toBe(200);
  });

  const changes: [string, (token: string, extra: string) => Promise<unknown>][] = [
    ['another factor is activated', (token) => addTotp(world, token)],
    ['a factor is removed', (token, extra) => remove(token, extra)],
    [
      'the backup codes are made anew',
      (token) => world.client.post('/v1/me/factors', { type: 'backup_code' }, { token }),
    ],
  ];

  it.each(changes)('ends open challenges and pending factors when %s', async (_what, make) => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    const extra = await addTotp(world, token);
    const [opened, stepping] = [await beginLogin(world, person), await beginStepUp(world, token)];
    const pending = await enrolTotp(world, token);
    await make(token, extra.id);
    for (const challenge of [opened, stepping]) {
      const refused = await answer(world, challenge, { code: person.code() });
      expect(refused.status).toBe(401);
      expect(refused.body.code).toBe('invalid_token');
    }
    const late = await activate(world, token, pending.id, pending.code());
    expect(late.status).toBe(410);
    expect(late.body.code).toBe('enrolment_expired');
    // The code was right and is unspent: only the challenge was dead.
    expect((await answer(world, await beginLogin(world, person), { code: person.code() })).status).toBe(200);
  });
});
