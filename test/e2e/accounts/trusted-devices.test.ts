import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  expectProblem,
  makeApplication,
  passwordLogin,
  setPolicy,
  trustDevice,
} from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { addTotp, answer } from '../../factories/factors.js';
import { beginLogin, logIn, type PersonWithTotp, registerWithTotp } from '../../factories/people.js';
import { eventsOf, sql, uuidOf } from '../../factories/sql.js';

const DAY_MS = 24 * 60 * 60_000;
const WRONG = 'not the password 42';

describe('a trusted device', () => {
  let world: TestApp;
  let person: PersonWithTotp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  beforeEach(async () => {
    person = await registerWithTotp(world);
  });
  afterAll(() => world.stop());

  /** How a login with a device token goes on. */
  const loginWith = async (deviceToken: string, who = person): Promise<string> => {
    const { status, body } = await passwordLogin(world, who, { deviceToken });
    return status === 200 ? body.status : `${status} ${body.code}`;
  };
  const fail = async (deviceToken: string, times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      const refused = await passwordLogin(world, { ...person, password: WRONG }, { deviceToken });
      expect(refused.status).toBe(401);
    }
  };

  it('skips the second factor at login, says so, and proves none', async () => {
    const deviceToken = await trustDevice(world, person);
    expect(deviceToken).toMatch(/^dvt_/);
    const { status, body } = await passwordLogin(world, person, { deviceToken });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'authenticated', user: { id: person.id } });
    expect(body.deviceToken).toBeUndefined();
    const claims = decodeJwt(body.accessToken);
    expect(claims['amr']).toEqual(['pwd', 'device']);
    expect(claims).not.toHaveProperty('mfa_time');
    const removed = await world.client.delete(`/v1/me/factors/${person.factorId}`, {
      token: body.accessToken,
    });
    expectProblem(removed, 403, 'step_up_required');
  });

  it('still asks for the password', async () => {
    const deviceToken = await trustDevice(world, person);
    const refused = await passwordLogin(world, { ...person, password: WRONG }, { deviceToken });
    expectProblem(refused, 401, 'invalid_credentials');
  });

  it('is not made by a login that does not ask for it, nor by a wrong code', async () => {
    await logIn(world, person);
    const rejected = await answer(world, await beginLogin(world, person), {
      code: 'AAAAAA',
      trustDevice: true,
    });
    expect(rejected.status).toBeGreaterThanOrEqual(400);
    const { accessToken } = await logIn(world, person);
    expect((await world.client.get('/v1/me/devices', { token: accessToken })).body.data).toEqual([]);
  });

  it('is trusted for its own user only', async () => {
    const deviceToken = await trustDevice(world, person);
    expect(await loginWith(deviceToken, await registerWithTotp(world))).toBe('challenge_required');
    expect(await loginWith(deviceToken)).toBe('authenticated');
  });

  it('is trusted in its own application only', async () => {
    const deviceToken = await trustDevice(world, person);
    const shop = { 'x-application': await makeApplication(world, 'shop') };
    const { email, password } = person;
    await world.client.post('/v1/auth/register', { email, password }, { headers: shop });
    // The same person's account over there, with the very factors of the one here.
    await sql(
      world.databaseUrl,
      `UPDATE factors SET user_id = there.id, application_id = there.application_id
         FROM users AS here, users AS there
        WHERE here.email = $1 AND there.email = $1 AND there.id <> here.id
          AND factors.user_id = here.id AND here.external_id = $2`,
      [email, person.id],
    );
    const { body } = await passwordLogin(world, person, { deviceToken }, shop);
    expect(body.status).toBe('challenge_required');
  });

  it('is trusted for thirty days from its creation, which use does not extend', async () => {
    const deviceToken = await trustDevice(world, person);
    // The clock moved one step on after the device was trusted.
    world.clock.advance(20 * DAY_MS - 30_000);
    expect(await loginWith(deviceToken)).toBe('authenticated');
    world.clock.advance(10 * DAY_MS - 1_000);
    expect(await loginWith(deviceToken)).toBe('authenticated');
    world.clock.advance(1_000);
    expect(await loginWith(deviceToken)).toBe('challenge_required');
  });

  it('is listed with its name, where it was and when it was used', async () => {
    const trustedAt = world.clock.now();
    const deviceToken = await trustDevice(world, person, 'Laptop');
    const { body } = await passwordLogin(world, person, { deviceToken });
    const devices = await world.client.get('/v1/me/devices', { token: body.accessToken });
    expect(devices.body).toEqual({
      data: [
        {
          id: expect.stringMatching(/^dev_/),
          name: 'Laptop',
          createdAt: trustedAt.toISOString(),
          lastUsedAt: world.clock.now().toISOString(),
          expiresAt: new Date(trustedAt.getTime() + 30 * DAY_MS).toISOString(),
          ip: '127.0.0.1',
          userAgent: expect.any(String),
        },
      ],
      nextCursor: null,
    });
  });

  it('can be revoked by its owner, alone or with all others, and by nobody else', async () => {
    const tokens = [
      await trustDevice(world, person),
      await trustDevice(world, person),
      await trustDevice(world, person),
    ];
    const { accessToken } = await logIn(world, person);
    const { body } = await world.client.get('/v1/me/devices?limit=2', { token: accessToken });
    expect(body.data).toHaveLength(2);
    const path = `/v1/me/devices/${body.data[0].id}`;
    const stranger = await logIn(world, await registerWithTotp(world));
    expectProblem(await world.client.delete(path, { token: stranger.accessToken }), 404, 'not_found');
    await world.client.delete('/v1/me/devices', { token: stranger.accessToken });

    expect((await world.client.delete(path, { token: accessToken })).status).toBe(204);
    expectProblem(await world.client.delete(path, { token: accessToken }), 404, 'not_found');
    expect(await Promise.all(tokens.map((token) => loginWith(token)))).toEqual([
      'challenge_required',
      'authenticated',
      'authenticated',
    ]);
    expect((await world.client.delete('/v1/me/devices', { token: accessToken })).status).toBe(204);
    expect(await Promise.all(tokens.map((token) => loginWith(token)))).toEqual(
      tokens.map(() => 'challenge_required'),
    );
    expect(await eventsOf(world.databaseUrl, person.id, 'device.revoked')).toHaveLength(3);
  });

  it('is trusted no more once a factor was removed, whichever', async () => {
    const { accessToken } = await logIn(world, person);
    const extra = await addTotp(world, accessToken);
    const deviceToken = await trustDevice(world, person);
    const removed = await world.client.delete(`/v1/me/factors/${extra.id}`, { token: accessToken });
    expect(removed.status).toBe(204);
    expect(await loginWith(deviceToken)).toBe('challenge_required');
    expect(await eventsOf(world.databaseUrl, person.id, 'device.revoked')).toHaveLength(1);
  });

  it('stays trusted when one factor more is activated', async () => {
    const deviceToken = await trustDevice(world, person);
    await addTotp(world, (await logIn(world, person)).accessToken);
    expect(await loginWith(deviceToken)).toBe('authenticated');
  });

  it('is trusted no more once the first factor after a time without any is activated', async () => {
    const deviceToken = await trustDevice(world, person);
    const { accessToken } = await logIn(world, person);
    await world.client.delete(`/v1/me/factors/${person.factorId}`, { token: accessToken });
    await addTotp(world, accessToken);
    expect(await loginWith(deviceToken)).toBe('challenge_required');
  });

  it('stands for nothing while the first factor is not active, and dies with its activation', async () => {
    const deviceToken = await trustDevice(world, person);
    const { accessToken } = await logIn(world, person);
    // A device that the removal of the factors missed, as an older version may have left it behind.
    await sql(world.databaseUrl, 'DELETE FROM factors WHERE user_id = $1', [uuidOf(person.id)]);
    const { body } = await passwordLogin(world, person, { deviceToken });
    expect(decodeJwt(body.accessToken)['amr']).toEqual(['pwd']);
    await addTotp(world, accessToken);
    expect(await loginWith(deviceToken)).toBe('challenge_required');
    expect(await eventsOf(world.databaseUrl, person.id, 'device.revoked')).toHaveLength(1);
  });

  it('is revoked by twenty wrong passwords in a row', async () => {
    const deviceToken = await trustDevice(world, person);
    await fail(deviceToken, 19);
    expect(await loginWith(deviceToken)).toBe('authenticated');
    // The right password began a new row.
    await fail(deviceToken, 19);
    expect(await eventsOf(world.databaseUrl, person.id, 'device.revoked')).toEqual([]);
    await fail(deviceToken, 1);
    expect(await loginWith(deviceToken)).toBe('challenge_required');
    expect(await eventsOf(world.databaseUrl, person.id, 'device.revoked')).toHaveLength(1);
  });

  it('is not revoked by wrong passwords that come without its token, or with a forged one', async () => {
    const deviceToken = await trustDevice(world, person);
    const forged = `${deviceToken.slice(0, -4)}AAAA`;
    await fail(forged, 11);
    for (let time = 0; time < 11; time += 1) await passwordLogin(world, { ...person, password: WRONG });
    expect(await loginWith(deviceToken)).toBe('authenticated');
  });

  it('skips nothing where the application trusts no devices', async () => {
    const deviceToken = await trustDevice(world, person);
    await setPolicy(world, { trustedDevices: false });
    expect(await loginWith(deviceToken)).toBe('challenge_required');
    const { body } = await answer(world, await beginLogin(world, person), {
      code: person.code(),
      trustDevice: true,
    });
    expect(body).not.toHaveProperty('deviceToken');
    await setPolicy(world, {});
    expect(await loginWith(deviceToken)).toBe('authenticated');
  });

  it('is known by the hash of its token only', async () => {
    const deviceToken = await trustDevice(world, person);
    const [row] = await sql(world.databaseUrl, 'SELECT digest FROM devices WHERE user_id = $1', [
      uuidOf(person.id),
    ]);
    const secret = Buffer.from(deviceToken.slice('dvt_'.length), 'base64url').subarray(32);
    expect(secret).toHaveLength(32);
    expect((row?.['digest'] as Buffer).equals(secret)).toBe(false);
  });
});
