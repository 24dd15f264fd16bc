import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePublicId } from '@countersign/core';
import * as OTPAuth from 'otpauth';
import { expectProblem } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { holdBack, untilWaiting } from '../factories/locks.js';
import { type Person, register } from '../factories/people.js';
import { makeServer } from '../factories/servers.js';
import { sql, uuidOf as uuidOfId } from '../factories/sql.js';

async function logInWithPassword(world: TestApp, { email, password }: Person): Promise<string> {
  const { body } = await world.client.post('/v1/auth/login', { email, password });
  return body.accessToken as string;
}

function uuidOf(person: Person): string {
  return parsePublicId('usr', person.id) ?? '';
}

describe('a request that was let in and then overtaken', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  it('cannot remove the factor whose activation ended its session', async () => {
    const person = await register(world);
    const intruder = await logInWithPassword(world, person);
    const enrolled = await world.client.post(
      '/v1/me/factors',
      { type: 'totp' },
      { token: person.accessToken },
    );
    const totp = OTPAuth.URI.parse(enrolled.body.otpauthUri as string) as OTPAuth.TOTP;
    const code = totp.generate({ timestamp: world.clock.now().getTime() });
    const path = `/v1/me/factors/${enrolled.body.id as string}`;

    const held = await holdBack(
      world.databaseUrl,
      `SELECT FROM users WHERE id = '${uuidOf(person)}' FOR UPDATE`,
    );
    const activation = world.client.post(`${path}/activate`, { code }, { token: person.accessToken });
    await untilWaiting(world.databaseUrl, 1);
    const removal = world.client.delete(path, { token: intruder });
    const erasure = world.client.delete('/v1/me', { token: intruder });
    const change = world.client.patch('/v1/me', { email: 'intruder@example.com' }, { token: intruder });
    await untilWaiting(world.databaseUrl, 4);
    await held.query('COMMIT');
    await held.end();

    expect((await activation).status).toBe(200);
    for (const overtaken of await Promise.all([removal, erasure, change])) expect(overtaken.status).toBe(409);
    const me = await world.client.get('/v1/me', { token: person.accessToken });
    expect(me.body).toMatchObject({ email: person.email, twoFactorEnabled: true });
    const asked = await sql(world.databaseUrl, `SELECT id FROM mailed_links WHERE kind = 'change_email'`);
    expect(asked).toEqual([]);
  });

  it('is not found where the webhook that it was about is removed', async () => {
    const server = await makeServer(world);
    const hook = await server.post('/v1/webhooks', { url: 'https://example.com/hook', events: ['*'] });
    expect(hook.status).toBe(201);
    const held = await holdBack(
      world.databaseUrl,
      `DELETE FROM webhooks WHERE id = '${uuidOfId(hook.body.id as string)}'`,
    );
    const since = world.clock.now().toISOString();
    const redelivery = server.post(`/v1/webhooks/${hook.body.id}/redeliver`, { since });
    await untilWaiting(world.databaseUrl, 1);
    await held.query('COMMIT');
    await held.end();
    expectProblem(await redelivery, 404, 'not_found');
  });

  it('ends its session although the session moves into a new epoch at that moment', async () => {
    const person = await register(world);
    const other = await logInWithPassword(world, person);

    const id = uuidOf(person);
    const held = await holdBack(
      world.databaseUrl,
      `UPDATE users SET security_epoch = security_epoch + 1 WHERE id = '${id}'`,
      `UPDATE sessions SET security_epoch = security_epoch + 1 WHERE user_id = '${id}'`,
    );
    const logout = world.client.post('/v1/auth/logout', undefined, { token: person.accessToken });
    await untilWaiting(world.databaseUrl, 1);
    await held.query('COMMIT');
    await held.end();

    expect((await logout).status).toBe(204);
    expect((await world.client.get('/v1/me', { token: person.accessToken })).status).toBe(401);
    expect((await world.client.get('/v1/me', { token: other })).status).toBe(200);
  });

  it('refreshes although the session moves into a new epoch at that moment', async () => {
    const person = await register(world);

    const id = uuidOf(person);
    const held = await holdBack(
      world.databaseUrl,
      `UPDATE users SET security_epoch = security_epoch + 1 WHERE id = '${id}'`,
      `UPDATE sessions SET security_epoch = security_epoch + 1 WHERE user_id = '${id}'`,
    );
    const refresh = world.client.post('/v1/auth/refresh', { refreshToken: person.refreshToken });
    await untilWaiting(world.databaseUrl, 1);
    await held.query('COMMIT');
    await held.end();

    expect((await refresh).status).toBe(200);
  });
});
