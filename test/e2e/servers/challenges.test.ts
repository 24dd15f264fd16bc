import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, makeApplication } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { wrongCode } from '../../factories/factors.js';
import { beginLogin, registerWithTotp } from '../../factories/people.js';
import {
  enrolServedUser,
  makeAdministrator,
  makeServer,
  newExternalId,
  type Server,
} from '../../factories/servers.js';

describe("a server's challenge", () => {
  let world: TestApp;
  let server: Server;
  beforeAll(async () => {
    world = await startTestApp();
    server = await makeServer(world);
  });
  afterAll(() => world.stop());

  it('is answered with an assertion that anybody verifies offline by the published keys', async () => {
    const user = await enrolServedUser(world, server);
    const details = { to: 'DE89 3704', amount: { value: 5, currency: 'EUR' } };
    const opened = await server.post('/v1/challenges', {
      user: user.externalId,
      action: 'transfer',
      details,
    });
    expect({ status: opened.status, body: opened.body }).toMatchObject({
      status: 201,
      body: {
        status: 'pending',
        purpose: 'action',
        action: 'transfer',
        attemptsLeft: 5,
        factors: [{ id: user.factorId, type: 'totp', isDefault: true }, { type: 'backup_code' }],
      },
    });
    const { id } = opened.body;
    const verified = await server.post(`/v1/challenges/${id}/verify`, {
      user: user.externalId,
      action: 'transfer',
      details: { amount: { currency: 'EUR', value: 5 }, to: 'DE89 3704' },
      code: user.code(),
    });
    world.clock.advance(30_000);
    expect({ status: verified.status, body: verified.body }).toEqual({
      status: 200,
      body: {
        status: 'approved',
        assertion: expect.any(String),
        factor: { id: user.factorId, type: 'totp' },
      },
    });
    const jwks = createRemoteJWKSet(new URL(`${world.client.baseUrl}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(verified.body.assertion as string, jwks, {
      audience: 'default',
      typ: '2fa-assertion+jwt',
      algorithms: ['ES256'],
      subject: user.externalId,
      currentDate: world.clock.now(),
    });
    expect(protectedHeader.typ).toBe('2fa-assertion+jwt');
    const canonical = '{"amount":{"currency":"EUR","value":5},"to":"DE89 3704"}';
    expect(payload).toMatchObject({
      action: 'transfer',
      amr: ['otp'],
      jti: expect.any(String),
      details_hash: createHash('sha256').update(canonical).digest('base64url'),
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
    expect((await server.get(`/v1/challenges/${id}`)).body).toMatchObject({ id, status: 'approved' });
  });

  it('is for a login where no action is named', async () => {
    const user = await enrolServedUser(world, server);
    const { body } = await server.post('/v1/challenges', { user: user.externalId });
    const verified = await server.post(`/v1/challenges/${body.id}/verify`, {
      user: user.externalId,
      code: user.code(),
    });
    world.clock.advance(30_000);
    expect(decodeProtectedHeader(verified.body.assertion as string).alg).toBe('ES256');
    const claims = JSON.parse(
      Buffer.from(String(verified.body.assertion).split('.')[1] ?? '', 'base64url').toString(),
    ) as object;
    expect(claims).toMatchObject({ action: 'login', sub: user.externalId, aud: 'default' });
    expect(claims).not.toHaveProperty('details_hash');
  });

  it('is not found by a server that expects another user, action or details, and no try is taken', async () => {
    const [user, other] = [await enrolServedUser(world, server), await enrolServedUser(world, server)];
    const asked = { user: user.externalId, action: 'transfer', details: { amount: 5 } };
    const { body } = await server.post('/v1/challenges', asked);
    const verify = `/v1/challenges/${body.id}/verify`;
    const { user: externalId, action, details } = asked;
    for (const expected of [
      { user: other.externalId, action, details },
      { user: newExternalId(), action, details },
      { user: externalId, action: 'login', details },
      { user: externalId, details },
      { user: externalId, action },
      { user: externalId, action, details: { amount: 6 } },
      { user: externalId, action, details: {} },
      { user: externalId },
    ]) {
      expectProblem(await server.post(verify, { ...expected, code: user.code() }), 404, 'not_found');
    }
    expectProblem(
      await server.post(verify, { action, details, code: user.code() }),
      400,
      'validation_failed',
    );
    expect((await server.get(`/v1/challenges/${body.id}`)).body).toMatchObject({
      status: 'pending',
      attemptsLeft: 5,
    });
    expect((await server.post(verify, { ...asked, code: user.code() })).status).toBe(200);
    world.clock.advance(30_000);
  });

  it('is never opened for a number that would count as another one, and holds at most 2 KiB of details', async () => {
    const user = await enrolServedUser(world, server);
    const asked = (details: string): string =>
      `{"user":"${user.externalId}","action":"transfer","details":${details}}`;
    const opened = await server.post('/v1/challenges', asked('{"amount":9007199254740992}'));
    const routes = [
      '/v1/challenges',
      `/v1/challenges/${opened.body.id}/verify`,
      `/v1/users/${user.externalId}/verify`,
    ];
    const code = user.code();
    const body = (route: string, details: string): string =>
      route === routes[0] ? asked(details) : asked(details).replace('{', `{"code":"${code}",`);
    for (const route of routes) {
      for (const amount of ['9007199254740993', '1e400', '-1e400', '1e-400', '0.10000000000000001']) {
        const refused = await server.post(route, body(route, `{"order":{"lines":[1,${amount}]}}`));
        expectProblem(refused, 400, 'validation_failed');
        expect(refused.body.errors).toEqual([
          {
            path: 'details.order.lines.1',
            message: 'cannot be held exactly by a double: send it as a string',
          },
        ]);
      }
      const tooLong = await server.post(route, body(route, `{"a":"${'é'.repeat(1_021)}"}`));
      expectProblem(tooLong, 400, 'validation_failed');
      expect(tooLong.body.errors).toEqual([
        { path: 'details', message: 'must have at most 2048 bytes in canonical form (RFC 8785)' },
      ]);
    }
    expect((await server.get(`/v1/challenges/${opened.body.id}`)).body).toMatchObject({ attemptsLeft: 5 });
    const asMuch = `{ "a" : "${'é'.repeat(1_020)}" }`;
    expect((await server.post('/v1/challenges', asked(asMuch))).status).toBe(201);
    const decimals = '{"a":0.1,"b":19.990,"c":-0,"d":1E2,"e":1.0e-7,"f":18014398509481984}';
    const same = '{"f":18014398509481984.0,"e":0.0000001,"d":100,"c":0,"b":19.99,"a":1e-1}';
    const { body: held } = await server.post('/v1/challenges', asked(decimals));
    const route = `/v1/challenges/${held.id}/verify`;
    expect((await server.post(route, body(route, same))).status).toBe(200);
    world.clock.advance(30_000);
  });

  it('tells the server, and only the server, why an answer was refused', async () => {
    const user = await enrolServedUser(world, server);
    const code = user.code();
    const first = await server.post('/v1/challenges', { user: user.externalId });
    const second = await server.post('/v1/challenges', { user: user.externalId });
    const verify = (id: string, answer: string): ReturnType<Server['post']> =>
      server.post(`/v1/challenges/${id}/verify`, { user: user.externalId, code: answer });
    const wrong = await verify(first.body.id as string, wrongCode(user));
    expectProblem(wrong, 422, 'answer_rejected');
    expect(wrong.body).toMatchObject({ attemptsLeft: 4, reason: 'mismatch' });
    expect((await verify(first.body.id as string, code)).status).toBe(200);
    const again = await verify(second.body.id as string, code);
    expectProblem(again, 422, 'answer_rejected');
    expect(again.body).toMatchObject({ attemptsLeft: 4, reason: 'stale' });
    expectProblem(await verify(first.body.id as string, code), 410, 'challenge_closed');
    world.clock.advance(30_000);
  });

  it('is denied after five tries, and expires after five minutes; both are shown for 15 minutes more', async () => {
    const user = await enrolServedUser(world, server);
    const asked = { user: user.externalId };
    const denied = (await server.post('/v1/challenges', asked)).body.id as string;
    for (let turn = 0; turn < 5; turn += 1) {
      await server.post(`/v1/challenges/${denied}/verify`, { ...asked, code: wrongCode(user) });
    }
    expectProblem(
      await server.post(`/v1/challenges/${denied}/verify`, { ...asked, code: user.code() }),
      410,
      'challenge_closed',
    );
    const left = (await server.post('/v1/challenges', asked)).body.id as string;
    world.clock.advance(5 * 60_000);
    const shown = async (id: string): Promise<unknown> =>
      (await server.get(`/v1/challenges/${id}`)).body.status;
    expect([await shown(denied), await shown(left)]).toEqual(['denied', 'expired']);
    expectProblem(
      await server.post(`/v1/challenges/${left}/verify`, { ...asked, code: user.code() }),
      410,
      'challenge_closed',
    );
    world.clock.advance(15 * 60_000);
    expectProblem(await server.get(`/v1/challenges/${left}`), 404, 'not_found');
  });

  it('is not opened for whom nothing is enrolled, who is suspended, or who is an administrator', async () => {
    const nobody = await server.post('/v1/challenges', { user: newExternalId() });
    expectProblem(nobody, 409, 'not_enrolled');
    const bare = newExternalId();
    await server.put(`/v1/users/${bare}`, {});
    expectProblem(await server.post('/v1/challenges', { user: bare }), 409, 'not_enrolled');
    const user = await enrolServedUser(world, server);
    const verify = `/v1/users/${user.externalId}/verify`;
    const malformed = await server.post(verify, { code: 'x' });
    expectProblem(malformed, 400, 'validation_failed');
    expect(malformed.body.errors).toEqual([
      { path: 'code', message: 'totp: must be a code of 6 to 8 digits' },
    ]);
    await server.put(`/v1/users/${user.externalId}`, { status: 'suspended' });
    expectProblem(await server.post('/v1/challenges', { user: user.externalId }), 403, 'forbidden');
    expectProblem(await server.post(verify, { code: user.code() }), 403, 'forbidden');
    const { id } = await makeAdministrator(world);
    expectProblem(await server.post('/v1/challenges', { user: id }), 403, 'forbidden');
    expectProblem(await server.post(`/v1/users/${id}/verify`, { code: '123456' }), 403, 'forbidden');
  });

  it('dies with its user’s factors', async () => {
    const user = await enrolServedUser(world, server);
    const { body } = await server.post('/v1/challenges', { user: user.externalId });
    await server.post(`/v1/users/${user.externalId}/factors`, { type: 'backup_code' });
    const verify = { user: user.externalId, code: user.code() };
    expectProblem(await server.post(`/v1/challenges/${body.id}/verify`, verify), 410, 'challenge_closed');
  });

  it('is nothing to a login’s or step-up’s temp token, and theirs are nothing to a server', async () => {
    const person = await registerWithTotp(world);
    const login = await beginLogin(world, person);
    expectProblem(await server.get(`/v1/challenges/${login.id}`), 404, 'not_found');
    const answer = { user: person.id, code: person.code() };
    expectProblem(await server.post(`/v1/challenges/${login.id}/verify`, answer), 404, 'not_found');
    expectProblem(
      await server.post(`/v1/challenges/${login.id}/send`, { factorId: person.factorId }),
      404,
      'not_found',
    );
    const { body } = await server.post('/v1/challenges', { user: person.id });
    expectProblem(
      await world.client.post(
        `/v1/challenges/${body.id}/verify`,
        { code: person.code() },
        { token: login.tempToken },
      ),
      401,
      'invalid_token',
    );
  });

  it('asks for the one factor that the server has chosen', async () => {
    const user = await enrolServedUser(world, server);
    const { body } = await server.post('/v1/challenges', { user: user.externalId, factorId: user.factorId });
    expect(body.factors).toEqual([expect.objectContaining({ id: user.factorId })]);
    const backup = await server.post(`/v1/challenges/${body.id}/verify`, {
      user: user.externalId,
      code: user.backupCodes[0],
    });
    expectProblem(backup, 422, 'answer_rejected');
    const other = await enrolServedUser(world, server);
    expectProblem(
      await server.post('/v1/challenges', { user: user.externalId, factorId: other.factorId }),
      404,
      'not_found',
    );
  });

  it('is approved at once by a trusted device, where no action and no factor is named', async () => {
    const user = await enrolServedUser(world, server);
    const asked = { user: user.externalId };
    const first = (await server.post('/v1/challenges', asked)).body.id as string;
    const { body } = await server.post(`/v1/challenges/${first}/verify`, {
      ...asked,
      code: user.code(),
      trustDevice: true,
      deviceName: 'Laptop',
    });
    world.clock.advance(30_000);
    const { deviceToken } = body;
    const approved = await server.post('/v1/challenges', { ...asked, deviceToken });
    expect({ status: approved.status, body: approved.body }).toMatchObject({
      status: 201,
      body: { status: 'approved', assertion: expect.any(String) },
    });
    const claims = JSON.parse(
      Buffer.from(String(approved.body.assertion).split('.')[1] ?? '', 'base64url').toString(),
    ) as object;
    expect(claims).toMatchObject({ amr: ['device'], action: 'login', sub: user.externalId });
    expect((await server.get(`/v1/challenges/${approved.body.id}`)).body.status).toBe('approved');
    expectProblem(
      await server.post(`/v1/challenges/${approved.body.id}/verify`, { ...asked, code: user.code() }),
      410,
      'challenge_closed',
    );
    const named = await server.post('/v1/challenges', { ...asked, deviceToken, factorId: user.factorId });
    expect(named.body).toMatchObject({ status: 'pending', factors: [{ id: user.factorId }] });
    expect(named.body).not.toHaveProperty('assertion');
    const acted = await server.post('/v1/challenges', { ...asked, deviceToken, action: 'transfer' });
    expect(acted.body).toMatchObject({ status: 'pending' });
    expect(acted.body).not.toHaveProperty('assertion');
    const other = await enrolServedUser(world, server);
    const foreign = await server.post('/v1/challenges', { user: other.externalId, deviceToken });
    expect(foreign.body.status).toBe('pending');
  });

  it('belongs to its application: to a key of another it does not exist', async () => {
    const user = await enrolServedUser(world, server);
    const stranger = await makeServer(world, { application: await makeApplication(world, 'stranger') });
    const { body } = await server.post('/v1/challenges', { user: user.externalId });
    expectProblem(await stranger.get(`/v1/challenges/${body.id}`), 404, 'not_found');
    expectProblem(
      await stranger.post(`/v1/challenges/${body.id}/verify`, { user: user.externalId, code: user.code() }),
      404,
      'not_found',
    );
    expectProblem(await stranger.post('/v1/challenges', { user: user.externalId }), 409, 'not_enrolled');
  });
});
