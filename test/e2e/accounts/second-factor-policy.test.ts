import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectProblem, passwordLogin, setPolicy, trustDevice } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { addTotp, enrolTotp, stepUp } from '../../factories/factors.js';
import { logIn, type Person, register, registerWithTotp } from '../../factories/people.js';

/** What such a session may do (api.md, "Accounts"), and what it needs to know for an enrolment. */
const OPEN = [
  'GET /v1/me',
  'POST /v1/me/factors',
  'POST /v1/me/factors/{id}/send',
  'POST /v1/me/factors/{id}/activate',
  'POST /v1/auth/step-up',
  'POST /v1/auth/logout',
  'GET /v1/factor-types',
];

const takesAccessToken = (security: readonly object[] = [{ accessToken: [] }]): boolean =>
  security.some((requirement) => 'accessToken' in requirement);

describe('where policy requires a second factor', () => {
  let world: TestApp;
  let person: Person;
  beforeAll(async () => {
    world = await startTestApp();
    await setPolicy(world, { requireSecondFactor: true });
  });
  beforeEach(async () => {
    person = await register(world);
  });
  afterAll(() => world.stop());

  it('a session without one opens enrolment, step-up, the own account and logout, and nothing else', async () => {
    const { body } = await world.client.get('/openapi.json');
    const paths = Object.entries(body.paths as Record<string, Record<string, { security?: object[] }>>);
    const routes = paths.flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([, { security }]) => path.startsWith('/v1/') && takesAccessToken(security))
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes).toEqual(expect.arrayContaining(OPEN));
    expect(routes.length).toBeGreaterThan(OPEN.length + 5);
    // Logout last: it ends the session that asks.
    const inTurn = [...routes.filter((route) => !route.endsWith('/logout')), 'POST /v1/auth/logout'];
    for (const route of inTurn) {
      const [method = '', path = ''] = route.split(' ');
      const sent = method === 'GET' || method === 'DELETE' ? {} : { body: {} };
      const answer = await world.client.send(method, path.replace('{id}', 'any'), {
        token: person.accessToken,
        ...sent,
      });
      const refused = answer.body?.code === 'enrolment_required';
      expect({ route, refused }).toEqual({ route, refused: !OPEN.includes(route) });
      if (refused) expectProblem(answer, 403, 'enrolment_required');
    }
  });

  it('a user enrols, proves the factor, and then goes on', async () => {
    const pending = await enrolTotp(world, person.accessToken);
    const code = pending.code();
    const path = `/v1/me/factors/${pending.id}/activate`;
    const activated = await world.client.post(path, { code }, { token: person.accessToken });
    expect(activated.status).toBe(200);
    world.clock.advance(30_000);
    expectProblem(
      await world.client.get('/v1/auth/sessions', { token: person.accessToken }),
      403,
      'enrolment_required',
    );
    const owner = { ...person, factorId: pending.id, backupCodes: [], code: pending.code };
    const proven = await stepUp(world, owner);
    expect((await world.client.get('/v1/auth/sessions', { token: proven })).status).toBe(200);
  });

  it('a login with the second factor opens everything', async () => {
    const owner = await registerWithTotp(world);
    const { accessToken } = await logIn(world, owner);
    expect((await world.client.get('/v1/me/devices', { token: accessToken })).status).toBe(200);
    await addTotp(world, accessToken);
  });

  it('a session is asked again once its only factor is removed, refreshed or not, until it has proven another', async () => {
    const owner = await registerWithTotp(world);
    const { accessToken, refreshToken } = await logIn(world, owner);
    const removed = await world.client.delete(`/v1/me/factors/${owner.factorId}`, { token: accessToken });
    expect(removed.status).toBe(204);
    const { body: pair } = await world.client.post('/v1/auth/refresh', { refreshToken });
    for (const token of [accessToken, pair.accessToken as string]) {
      const refused = await world.client.get('/v1/me/devices', { token });
      expectProblem(refused, 403, 'enrolment_required');
      expect((await world.client.get('/v1/me', { token })).status).toBe(200);
    }
    expect(decodeJwt(pair.accessToken as string)).toMatchObject({ amr: ['pwd'] });
    expect(decodeJwt(pair.accessToken as string)).not.toHaveProperty('mfa_time');

    const { code } = await addTotp(world, accessToken);
    const proven = await stepUp(world, { ...owner, code }, accessToken);
    expect((await world.client.get('/v1/me/devices', { token: proven })).status).toBe(200);
  });

  it('a trusted device opens the login, but is no second factor', async () => {
    const owner = await registerWithTotp(world);
    const deviceToken = await trustDevice(world, owner);
    const { body } = await passwordLogin(world, owner, { deviceToken });
    expect((await world.client.get('/v1/me', { token: body.accessToken })).status).toBe(200);
    const refused = await world.client.get('/v1/me/devices', { token: body.accessToken });
    expectProblem(refused, 403, 'enrolment_required');
  });

  it('a dead session is told that first', async () => {
    await world.client.post('/v1/auth/logout', undefined, { token: person.accessToken });
    expectProblem(
      await world.client.get('/v1/auth/sessions', { token: person.accessToken }),
      401,
      'invalid_token',
    );
  });
});
