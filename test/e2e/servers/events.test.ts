import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, makeApplication } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { register } from '../../factories/people.js';
import {
  type Administrator,
  enrolServedUser,
  makeAdministrator,
  makeServer,
  type Server,
} from '../../factories/servers.js';
import { sql } from '../../factories/sql.js';

interface Event {
  readonly id: string;
  readonly type: string;
  readonly at: string;
}

describe('the audit log', () => {
  let world: TestApp;
  let administrator: Administrator;
  let server: Server;
  beforeAll(async () => {
    world = await startTestApp();
    administrator = await makeAdministrator(world);
    server = await makeServer(world, { administrator });
  });
  afterAll(() => world.stop());

  it('tells who did what, from where and by which request, newest first', async () => {
    const user = await enrolServedUser(world, server);
    const asked = {
      user: user.externalId,
      action: 'transfer',
      context: { ip: '203.0.113.9', userAgent: 'Browser' },
    };
    const { body } = await server.post('/v1/challenges', asked);
    await server.post(
      `/v1/challenges/${body.id}/verify`,
      { user: user.externalId, action: 'transfer', code: user.code() },
      { 'x-request-id': 'request-of-this-test' },
    );
    world.clock.advance(30_000);
    const events = (await server.get(`/v1/events?user=${user.externalId}`)).body.data as Event[];
    expect(events[0]).toEqual({
      id: expect.stringMatching(/^evt_/),
      type: 'challenge.verified',
      at: expect.any(String),
      user: { id: expect.stringMatching(/^usr_/), externalId: user.externalId },
      actor: { type: 'api_key', id: server.keyId },
      ip: '203.0.113.9',
      userAgent: 'Browser',
      requestId: 'request-of-this-test',
      data: {
        challengeId: body.id,
        purpose: 'action',
        action: 'transfer',
        factorId: user.factorId,
        factorType: 'totp',
      },
    });
    expect(events.map(({ type }) => type)).toEqual([
      'challenge.verified',
      'two_factor.enabled',
      'factor.activated',
      'factor.enrolled',
      'factor.activated',
      'factor.enrolled',
      'user.created',
    ]);
  });

  it('is read page by page, each event once, also where many have one moment', async () => {
    const user = await enrolServedUser(world, server);
    const seen: string[] = [];
    let cursor = '';
    do {
      const path = `/v1/events?user=${user.externalId}&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const { body } = await server.get(path);
      seen.push(...(body.data as Event[]).map(({ id }) => id));
      cursor = (body.nextCursor as string | null) ?? '';
    } while (cursor !== '');
    const all = (await server.get(`/v1/events?user=${user.externalId}&limit=100`)).body.data as Event[];
    expect(seen).toEqual(all.map(({ id }) => id));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('is filtered by type, user and time, alone and together', async () => {
    const user = await enrolServedUser(world, server);
    const types = async (query: string): Promise<string[]> =>
      ((await server.get(`/v1/events?limit=100&${query}`)).body.data as Event[]).map(({ type }) => type);
    expect(new Set(await types('type=factor.enrolled'))).toEqual(new Set(['factor.enrolled']));
    expect(await types(`user=${user.externalId}&type=two_factor.enabled`)).toEqual(['two_factor.enabled']);
    const from = world.clock.now().toISOString();
    expect(await types(`from=${from}`)).toEqual([]);
    await server.post(`/v1/users/${user.externalId}/verify`, { code: user.code() });
    expect(await types(`from=${from}`)).toEqual(['challenge.verified']);
    expect(await types(`to=${from}&user=${user.externalId}&type=challenge.verified`)).toEqual([]);
    const next = new Date(world.clock.now().getTime() + 1).toISOString();
    expect(await types(`from=${from}&to=${next}`)).toEqual(['challenge.verified']);
    world.clock.advance(30_000);
    expect(await types('user=nobody-of-this-name')).toEqual([]);
  });

  it.each([
    ['type=nonsense'],
    ['from=yesterday'],
    ['to=2026-13-01T00:00:00Z'],
    ['cursor=nonsense'],
    ['cursor=%00'],
    ['user=%00'],
    ['user='],
    ['user=.'],
    ['user=dev_1'],
    ['user=%EF%BF%BD%07'],
    ['user=a&user=b'],
    ['type=%00'],
    ['from=0000-01-01T00:00:00Z%00'],
    ['limit=0'],
    ['x=1'],
  ])('refuses %s', async (query) => {
    expectProblem(await server.get(`/v1/events?${query}`), 400, 'validation_failed');
  });

  it('keeps what an erased user did, by our id, without address, user agent and theirs', async () => {
    const { externalId } = await enrolServedUser(world, server);
    const { id } = (await server.get(`/v1/users/${externalId}`)).body;
    await server.delete(`/v1/users/${externalId}`);
    expect((await server.get(`/v1/events?user=${externalId}`)).body.data).toEqual([]);
    const events = (await server.get(`/v1/events?user=${id}`)).body.data as object[];
    expect(events[0]).toMatchObject({
      type: 'user.deleted',
      user: { id, externalId: null },
      ip: null,
      userAgent: null,
    });
    expect(events.length).toBeGreaterThan(3);
    expect(JSON.stringify(events)).not.toContain(externalId);
  });

  it('shows no address and no user agent of an administrator who was erased', async () => {
    const gone = await makeAdministrator(world);
    const made = await makeServer(world, { administrator: gone });
    const shown = async (): Promise<object[]> => {
      const { body } = await server.get('/v1/events?type=api_key.created&limit=100');
      return (body.data as { data: { keyId: string } }[]).filter(({ data }) => data.keyId === made.keyId);
    };
    expect(await shown()).toMatchObject([{ actor: { id: gone.id }, ip: '127.0.0.1' }]);
    const erased = await world.client.delete(`/v1/users/${gone.id}`, { token: administrator.token });
    expect(erased.status).toBe(204);
    expect(await shown()).toMatchObject([{ actor: { id: gone.id }, ip: null, userAgent: null }]);
  });

  it('is the application’s own, and for administrators and keys with the scope', async () => {
    const stranger = await makeServer(world, {
      administrator,
      application: await makeApplication(world, 'stranger'),
    });
    const user = await enrolServedUser(world, server);
    const { id } = (await server.get(`/v1/users/${user.externalId}`)).body;
    for (const name of [user.externalId, id as string]) {
      expect((await stranger.get(`/v1/events?user=${name}`)).body.data).toEqual([]);
    }
    expect((await world.client.get('/v1/events', { token: administrator.token })).status).toBe(200);
    const person = await register(world);
    expectProblem(await world.client.get('/v1/events', { token: person.accessToken }), 403, 'forbidden');
  });

  it('records what administrators do to keys and applications', async () => {
    const made = await makeServer(world, { administrator });
    const path = `/v1/api-keys/${made.keyId}`;
    const own = { token: administrator.token };
    await world.client.patch(path, { scopes: ['users:read'] }, own);
    await world.client.post(`${path}/rotate`, undefined, own);
    await world.client.delete(path, own);
    const events = (await server.get('/v1/events?limit=4')).body.data as object[];
    expect(events).toMatchObject([
      { type: 'api_key.revoked', data: { keyId: made.keyId }, actor: { type: 'user', id: administrator.id } },
      { type: 'api_key.rotated', data: { keyId: made.keyId } },
      {
        type: 'api_key.updated',
        data: { keyId: made.keyId, fields: ['scopes'], scopes: ['users:read'] },
      },
      { type: 'api_key.created', data: { keyId: made.keyId } },
    ]);
  });

  it('is read from an index, whatever the filter', async () => {
    const [{ application_id: applicationId, user_id: userId } = { application_id: '', user_id: '' }] =
      await sql<{
        application_id: string;
        user_id: string;
      }>(world.databaseUrl, 'SELECT application_id, user_id FROM events WHERE user_id IS NOT NULL LIMIT 1');
    await sql(
      world.databaseUrl,
      `INSERT INTO events (id, at, application_id, type, user_id, actor_type, data)
       SELECT gen_random_uuid(), now() - i * interval '1 second', $1, 'session.created', $2, 'user', '{}'
         FROM generate_series(1, 20000) AS i`,
      [applicationId, userId],
    );
    await sql(world.databaseUrl, 'ANALYZE events');
    for (const filter of ['', `AND type = 'session.created'`, `AND user_id = '${userId}'`]) {
      const plan = await sql<Record<string, string>>(
        world.databaseUrl,
        `EXPLAIN SELECT * FROM events
          WHERE application_id = '${applicationId}' AND at >= 'epoch' AND at <= now()
            AND (at, id) < (now(), 'ffffffff-ffff-ffff-ffff-ffffffffffff') ${filter}
          ORDER BY at DESC, id DESC LIMIT 21`,
      );
      const text = plan.map((row) => Object.values(row)[0]).join('\n');
      expect(text).toMatch(/Index Scan/);
      expect(text.split('\n').filter((line) => /Seq Scan/.test(line))).toEqual([]);
      expect(text).not.toMatch(/->\s+Sort\b/);
    }
  });
});
