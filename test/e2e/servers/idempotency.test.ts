import { IdempotentRequests } from '@countersign/api-keys';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { wrongCode } from '../../factories/factors.js';
import { holdBack, untilWaiting } from '../../factories/locks.js';
import {
  type Administrator,
  enrolServedUser,
  makeAdministrator,
  makeServer,
  newExternalId,
  type Server,
  serverOf,
} from '../../factories/servers.js';
import { sql, uuidOf } from '../../factories/sql.js';

describe('a POST with an Idempotency-Key', () => {
  let world: TestApp;
  let other: TestApp;
  let administrator: Administrator;
  let server: Server;
  beforeAll(async () => {
    const masterKey = Buffer.alloc(32, 9).toString('base64');
    world = await startTestApp({ masterKey });
    const { clock, databaseUrl } = world;
    other = await startTestApp({ masterKey, clock, databaseUrl });
    administrator = await makeAdministrator(world);
    server = await makeServer(world, { administrator });
  });
  afterAll(async () => {
    await Promise.all([world.stop(), other.stop()]);
  });

  let count = 0;
  const fresh = (): Record<string, string> => ({ 'idempotency-key': `request-${(count += 1)}` });

  it('is done once, and answered alike from then on, by any instance, secrets included', async () => {
    const user = newExternalId();
    const path = `/v1/users/${user}/factors`;
    const headers = fresh();
    const first = await server.post(path, { type: 'totp' }, headers);
    const again = await serverOf(other.client, server.key).post(path, { type: 'totp' }, headers);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect((await server.get(path)).body.data).toHaveLength(1);
    const rows = await sql(
      world.databaseUrl,
      'SELECT encode(answer, $1) AS answer FROM idempotent_requests',
      ['escape'],
    );
    expect(JSON.stringify(rows)).not.toContain(first.body.secret);
  });

  it('is refused with another body, path or method of the same kind under the same key', async () => {
    const headers = fresh();
    const path = `/v1/users/${newExternalId()}/factors`;
    await server.post(path, { type: 'totp' }, headers);
    for (const [otherPath, body] of [
      [path, { type: 'totp', label: 'other' }],
      [`/v1/users/${newExternalId()}/factors`, { type: 'totp' }],
      ['/v1/challenges', { type: 'totp' }],
    ] as const) {
      expectProblem(await server.post(otherPath, body, headers), 409, 'idempotency_conflict');
    }
  });

  it('is another request for another key of the same application', async () => {
    const headers = fresh();
    const second = await makeServer(world, { administrator });
    const user = newExternalId();
    const path = `/v1/users/${user}/factors`;
    expect((await server.post(path, { type: 'totp' }, headers)).status).toBe(201);
    expect((await second.post(path, { type: 'totp' }, headers)).status).toBe(201);
    expect((await server.get(path)).body.data).toHaveLength(2);
  });

  it('runs once when many come at once; the others are told that it is under way, or its answer', async () => {
    const user = newExternalId();
    const path = `/v1/users/${user}/factors`;
    const headers = fresh();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, turn) =>
        serverOf((turn % 2 === 0 ? world : other).client, server.key).post(path, { type: 'totp' }, headers),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
    expect((await server.get(path)).body.data).toHaveLength(1);
  });

  it('whose first died unfinished never runs again', async () => {
    const headers = fresh();
    const path = `/v1/users/${newExternalId()}/factors`;
    await server.post(path, { type: 'totp' }, headers);
    await sql(world.databaseUrl, 'UPDATE idempotent_requests SET answer = NULL WHERE idempotency_key = $1', [
      headers['idempotency-key'],
    ]);
    expectProblem(await server.post(path, { type: 'totp' }, headers), 409, 'conflict');
  });

  it('may be made anew where nothing was changed: a bad request, a missing thing', async () => {
    const headers = fresh();
    const path = `/v1/users/${newExternalId()}/factors`;
    expectProblem(await server.post(path, { type: 'nonsense' }, headers), 400, 'validation_failed');
    expect((await server.post(path, { type: 'totp' }, headers)).status).toBe(201);
  });

  it('may be made anew after an outage before which nothing was written, and not after one in between', async () => {
    const user = await enrolServedUser(world, server);
    const path = `/v1/users/${user.externalId}/factors`;
    const cut = async (table: string, body: object): Promise<[number, number]> => {
      const headers = fresh();
      const held = await holdBack(world.databaseUrl, `LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      const first = server.post(path, body, headers);
      await untilWaiting(world.databaseUrl, 1);
      await held.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      const { status } = await first;
      await held.query('ROLLBACK');
      await held.end();
      return [status, (await server.post(path, body, headers)).status];
    };
    expect(await cut('factors', { type: 'totp' })).toEqual([503, 201]);
    // The message has left by then, and its record is written.
    expect(await cut('events', { type: 'email', email: 'jo@example.com' })).toEqual([503, 409]);
  });

  it('does not wait for a change of its key that is under way', async () => {
    const path = `/v1/api-keys/${server.keyId}`;
    const held = await holdBack(world.databaseUrl, 'LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    const change = world.client.send('PATCH', path, { token: administrator.token, body: { name: 'other' } });
    await untilWaiting(world.databaseUrl, 1);
    const answer = await server.post('/v1/challenges', { user: newExternalId() }, fresh());
    await held.query('ROLLBACK');
    await held.end();
    expectProblem(answer, 409, 'not_enrolled');
    expect((await change).status).toBe(200);
  });

  it('a claim that is given up late gives up no other', async () => {
    const requests = world.app.get(IdempotentRequests);
    const idempotencyKey = fresh()['idempotency-key'] ?? '';
    const request = { keyId: uuidOf(server.keyId), idempotencyKey, fingerprint: Buffer.alloc(32) };
    const first = await requests.claim(request);
    if (first.outcome !== 'claimed') throw new Error(first.outcome);
    await requests.release(request, first.claim);
    world.clock.advance(1);
    expect((await requests.claim(request)).outcome).toBe('claimed');
    // As where its answer was lost, and it is tried once more.
    await requests.release(request, first.claim);
    expect((await requests.claim(request)).outcome).toBe('under-way');
  });

  it('keeps refusals that count: the same wrong answer takes one try', async () => {
    const user = await enrolServedUser(world, server);
    const path = `/v1/users/${user.externalId}/verify`;
    const headers = fresh();
    const code = wrongCode(user);
    const first = await server.post(path, { code }, headers);
    const again = await server.post(path, { code }, headers);
    expectProblem(first, 422, 'answer_rejected');
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it.each([['a key'], ['x'.repeat(256)], ['ü']])('must be well-formed, unlike “%s”', async (key) => {
    const answer = await server
      .post('/v1/challenges', { user: newExternalId() }, { 'idempotency-key': key })
      .catch(() => undefined);
    // Some of these the HTTP client itself refuses to send.
    if (answer !== undefined) expectProblem(answer, 400, 'validation_failed');
  });

  it('means nothing where a route is not for keys: a login is another login each time', async () => {
    const { email, password } = administrator;
    const headers: Record<string, string> = { ...fresh(), 'x-api-key': server.key };
    const login = (body: object): ReturnType<typeof world.client.post> =>
      world.client.post('/v1/auth/login', body, { headers });
    const [first, second] = [await login({ email, password }), await login({ email, password })];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.headers.get('idempotency-replayed')).toBeNull();
    expect(second.body.refreshToken).not.toBe(first.body.refreshToken);
    expectProblem(await login({ email, password: 'another long password' }), 401, 'invalid_credentials');
    headers['idempotency-key'] = 'not a key';
    expect((await login({ email, password })).status).toBe(200);
  });

  it('means nothing to administrators, who have no key', async () => {
    const headers = fresh();
    const body = { name: 'x', scopes: ['users:read'] };
    const make = async (): Promise<unknown> =>
      (await world.client.post('/v1/api-keys', body, { token: administrator.token, headers })).body.id;
    expect(await make()).not.toBe(await make());
  });

  it('goes with its key: nothing of a revoked one is repeated', async () => {
    const doomed = await makeServer(world, { administrator });
    const headers = fresh();
    const path = `/v1/users/${newExternalId()}/factors`;
    await doomed.post(path, { type: 'totp' }, headers);
    await world.client.delete(`/v1/api-keys/${doomed.keyId}`, { token: administrator.token });
    expectProblem(await doomed.post(path, { type: 'totp' }, headers), 401, 'invalid_api_key');
    expect(uuidOf(doomed.keyId)).toMatch(/-/);
  });

  it('keeps the answers of verifications for a minute, others for a day', async () => {
    const user = await enrolServedUser(world, server);
    const verify = `/v1/users/${user.externalId}/verify`;
    const [verified, enrolled] = [fresh(), fresh()];
    const code = user.code();
    const first = await server.post(verify, { code }, verified);
    expect((await server.post(verify, { code }, verified)).body).toEqual(first.body);
    const path = `/v1/users/${user.externalId}/factors`;
    await server.post(path, { type: 'totp' }, enrolled);
    world.clock.advance(60_000);
    expectProblem(await server.post(verify, { code }, verified), 422, 'answer_rejected');
    expect((await server.post(path, { type: 'totp' }, enrolled)).headers.get('idempotency-replayed')).toBe(
      'true',
    );
    world.clock.advance(24 * 60 * 60_000);
    const later = await server.post(path, { type: 'totp', label: 'later' }, enrolled);
    expect([later.status, later.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });
});
