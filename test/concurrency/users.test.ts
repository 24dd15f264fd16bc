import { Database, Erasures, publicId } from '@countersign/core';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import { mobileNumber } from '../factories/codes.js';
import { holdBack, untilWaiting } from '../factories/locks.js';
import { atOnce } from '../factories/pair.js';
import { eventually } from '../factories/process.js';
import { type Receiver, startReceiver } from '../factories/receivers.js';
import { makeServer, newExternalId, type Server } from '../factories/servers.js';
import { eventsOf, sql, uuidOf } from '../factories/sql.js';

/** What may become of a request about a user whom others make, change and erase at the same time. */
const FORESEEN = [200, 201, 202, 204, 404, 409];

const masterKey = randomBytes(32).toString('base64');

describe('a user whom several requests are about at once', () => {
  let world: TestApp;
  let server: Server;
  /** An SMS vendor that a test can hold back. */
  let vendor: Receiver;
  let held: ((status: number) => void)[] = [];
  let holding = false;
  beforeAll(async () => {
    vendor = await startReceiver((_request, response) => {
      const answer = (status: number): void => void response.writeHead(status).end();
      if (holding) held.push(answer);
      else answer(202);
    });
    world = await startTestApp({
      masterKey,
      env: {
        SMS_HTTP_URL: vendor.url,
        SMS_HTTP_BODY: '{"to":"{{to}}","text":"{{text}}"}',
        RATE_LIMIT_API_KEY: 'off',
      },
    });
    server = await makeServer(world);
  });
  beforeEach(() => {
    held = [];
    holding = false;
  });
  afterAll(async () => {
    await world.stop();
    await vendor.stop();
  });

  const path = (user: string): string => `/v1/users/${user}`;
  const enrolSms = (user: string): ReturnType<Server['post']> =>
    server.post(`${path(user)}/factors`, { type: 'sms', phoneNumber: mobileNumber() });
  const untilHeld = (): Promise<void> => eventually(() => held.length > 0);
  const release = (status: number): void => held.splice(0).forEach((answer) => answer(status));

  /** A user whose only factor sends codes. @returns their UUID */
  async function withSms(user: string): Promise<string> {
    const enrolled = await enrolSms(user);
    const code = /\b\d{6}\b/.exec(vendor.messages.at(-1)?.body ?? '')?.[0];
    const activated = await server.post(`${path(user)}/factors/${enrolled.body.id}/activate`, { code });
    expect(activated.status).toBe(200);
    return (await server.get(path(user))).body.id as string;
  }

  it('is there after every PUT that was answered 2xx, however many first enrolments fail beside it', async () => {
    const users = Array.from({ length: 12 }, newExternalId);
    await Promise.all(
      users.map(async (user) => {
        const bad = (): ReturnType<Server['post']> => server.post(`${path(user)}/factors`, { type: 'email' });
        const [put, totp] = await Promise.all([
          server.put(path(user), { displayName: 'Jo' }),
          server.post(`${path(user)}/factors`, { type: 'totp' }),
          bad(),
          bad(),
          bad(),
        ]);
        expect([200, 201]).toContain(put.status);
        expect((await server.get(path(user))).body).toMatchObject({ displayName: 'Jo' });
        expect(totp.status).toBe(201);
        const { body } = await server.get(`${path(user)}/factors`);
        expect((body.data as { id: string }[]).map(({ id }) => id)).toEqual([totp.body.id]);
      }),
    );
  });

  it('is made with the first factor: not before its code is sent, and not where that fails', async () => {
    holding = true;
    const user = newExternalId();
    const enrolment = enrolSms(user);
    await untilHeld();
    expect((await server.get(path(user))).status).toBe(404);
    release(500);
    expect((await enrolment).status).toBe(502);
    expect((await server.get(path(user))).status).toBe(404);
    const traces = await sql(world.databaseUrl, `SELECT id FROM events WHERE type = 'user.deleted'`);
    expect(traces).toEqual([]);
  });

  it.each([
    [500, 502, 0],
    [202, 201, 1],
  ])('stays another’s whose vendor answers %i late: the enrolment is %i', async (late, status, factors) => {
    holding = true;
    const user = newExternalId();
    const enrolment = enrolSms(user);
    await untilHeld();
    expect((await server.put(path(user), { displayName: 'Jo' })).status).toBe(201);
    release(late);
    expect((await enrolment).status).toBe(status);
    const { body } = await server.get(path(user));
    expect(body).toMatchObject({ displayName: 'Jo' });
    expect((await server.get(`${path(user)}/factors`)).body.data).toHaveLength(factors);
    const events = (await eventsOf(world.databaseUrl, body.id as string)).map(({ type }) => type);
    expect(events.filter((type) => type === 'challenge.sent')).toHaveLength(factors);
    expect(events.filter((type) => type === 'user.created')).toHaveLength(1);
  });

  it('is made, changed, enrolled and erased at once without a 500', async () => {
    const user = newExternalId();
    const answers = await atOnce(120, (turn) => {
      if (turn % 4 === 0) return server.put(path(user), { displayName: `Jo ${turn}` });
      if (turn % 4 === 1) return server.delete(path(user));
      if (turn % 4 === 2) return server.post(`${path(user)}/factors`, { type: 'totp' });
      return server.get(path(user));
    });
    expect(answers.filter(({ status }) => !FORESEEN.includes(status))).toEqual([]);
  });

  it('can be erased while suspended', async () => {
    const user = newExternalId();
    await server.put(path(user), { status: 'suspended' });
    expect((await server.delete(path(user))).status).toBe(204);
    expect((await server.get(path(user))).status).toBe(404);
  });

  it('is erased while a code is about to be sent to them: that is no 500', async () => {
    const user = newExternalId();
    const id = uuidOf(await withSms(user));
    const erasure = await holdBack(world.databaseUrl, `DELETE FROM users WHERE id = '${id}'`);
    const challenge = server.post('/v1/challenges', { user });
    await Promise.race([challenge, untilWaiting(world.databaseUrl, 1)]);
    await erasure.query('COMMIT');
    await erasure.end();
    expect(FORESEEN).toContain((await challenge).status);
  });

  it('leaves no address and no agent in what is recorded after they were erased', async () => {
    const user = newExternalId();
    const id = uuidOf(await withSms(user));
    holding = true;
    const challenge = server.post('/v1/challenges', { user });
    await untilHeld();
    expect((await server.delete(path(user))).status).toBe(204);
    release(202);
    expect(FORESEEN).toContain((await challenge).status);
    const events = await sql(
      world.databaseUrl,
      `SELECT type, ip, user_agent FROM events WHERE user_id = $1 ORDER BY id DESC`,
      [id],
    );
    expect(events[0]).toMatchObject({ type: 'challenge.sent' });
    expect(events.filter(({ ip, user_agent: agent }) => ip !== null || agent !== null)).toEqual([]);
  });

  describe('who has left more than one batch', () => {
    const EVENTS = 5_000;
    let user: string;
    let id: string;
    beforeEach(async () => {
      user = newExternalId();
      id = uuidOf((await server.put(path(user), {})).body.id as string);
      await sql(
        world.databaseUrl,
        `INSERT INTO events (id, at, application_id, type, user_id, actor_type, ip, user_agent, data)
         SELECT gen_random_uuid(), now(), application_id, 'session.created', id, 'user', '203.0.113.7', 'Tell-tale', '{}'
           FROM users, generate_series(1, ${EVENTS})
          WHERE users.id = $1`,
        [id],
      );
      await sql(
        world.databaseUrl,
        `INSERT INTO messages (id, application_id, user_id, channel, enrolment, status, created_at, updated_at)
         SELECT gen_random_uuid(), application_id, id, 'email', false, 'accepted', now(), now()
           FROM users, generate_series(1, ${EVENTS})
          WHERE users.id = $1`,
        [id],
      );
    });

    const traces = async (): Promise<number> => {
      const [row] = await sql<{ count: number }>(
        world.databaseUrl,
        `SELECT (SELECT count(*) FROM events WHERE user_id = $1 AND (ip IS NOT NULL OR user_agent IS NOT NULL))::integer
              + (SELECT count(*) FROM messages WHERE user_id = $1)::integer AS count`,
        [id],
      );
      return row?.count ?? 0;
    };
    const step = (): Promise<boolean> => {
      const database = world.app.get(Database, { strict: false });
      return database.transaction((tx) => world.app.get(Erasures, { strict: false }).step(tx));
    };
    const cleared = async (): Promise<boolean> => {
      const rows = await sql(
        world.databaseUrl,
        'SELECT FROM erasures WHERE user_id = $1 AND cleared_at IS NOT NULL',
        [id],
      );
      return rows.length > 0;
    };
    /** Lets the minute pass after which requests that were under way have ended. */
    const later = (): Promise<unknown> =>
      sql(world.databaseUrl, `UPDATE erasures SET erased_at = now() - interval '2 minutes'`);

    it('is gone for every route when the answer leaves, whatever is left to clear', async () => {
      expect((await server.delete(path(user))).status).toBe(204);
      expect(await traces()).toBeGreaterThan(EVENTS);
      for (const route of ['', '/factors', '/devices']) {
        expect((await server.get(`${path(user)}${route}`)).status).toBe(404);
      }
      const shown = await server.get(`/v1/events?limit=100&user=${publicId('usr', id)}`);
      expect(shown.body.data).toHaveLength(100);
      expect(JSON.stringify(shown.body)).not.toMatch(/Tell-tale|203\.0\.113\.7/);
      // The name is free, and means somebody else.
      const namesake = await server.put(path(user), {});
      expect(namesake.status).toBe(201);
      expect(namesake.body.id).not.toBe(publicId('usr', id));
    });

    it('is cleared in batches by whichever workers are there; what one was killed at, another does again', async () => {
      await server.delete(path(user));
      const left = [await traces()];
      const database = world.app.get(Database, { strict: false });
      const killed = database.transaction(async (tx) => {
        await world.app.get(Erasures, { strict: false }).step(tx);
        throw new Error('killed');
      });
      await expect(killed).rejects.toThrow('killed');
      expect(await traces()).toBe(left[0]);
      while ((await Promise.all([step(), step()])).includes(true)) left.push(await traces());
      expect(left.at(-1)).toBe(0);
      // Two tables, 2,000 rows of each at once.
      const steps = left.slice(1).map((count, at) => (left[at] ?? 0) - count);
      expect(Math.max(...steps)).toBeLessThanOrEqual(4_000);
    });

    it('leaves nothing that a request wrote while it was overtaken', async () => {
      await server.delete(path(user));
      while (await step());
      // A statement that had begun before the erasure was committed.
      await sql(
        world.databaseUrl,
        `INSERT INTO events (id, at, application_id, type, user_id, actor_type, ip, data)
         SELECT gen_random_uuid(), now() - interval '1 hour', id, 'session.created', $1, 'user', '203.0.113.7', '{}'
           FROM applications`,
        [id],
      );
      expect(await step()).toBe(false);
      await later();
      while (await step());
      expect({ traces: await traces(), cleared: await cleared() }).toEqual({ traces: 0, cleared: true });
    });

    it('is cleared by a worker that starts after another has died', async () => {
      await server.delete(path(user));
      await later();
      const worker = await startTestApp({
        databaseUrl: world.databaseUrl,
        env: { ROLE: 'worker' },
        masterKey,
      });
      try {
        await eventually(cleared);
        expect(await traces()).toBe(0);
      } finally {
        await worker.stop();
      }
    });
  });
});
