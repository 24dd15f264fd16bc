import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  AfterRestore,
  Database,
  EventLog,
  EventRelay,
  newId,
  type RelayedEvent,
  type RelaySubscriber,
  SYSTEM_ORIGIN,
} from '@countersign/core';
import { Applications } from '@countersign/directory';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { IS_DUE } from '../../libs/core/src/events/relay.store.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { atOnce } from '../factories/pair.js';
import { eventually } from '../factories/process.js';
import { sql } from '../factories/sql.js';

describe('the relay', () => {
  let world: TestApp;
  let other: TestApp;
  let applicationId: string;
  let taken: string[];
  beforeAll(async () => {
    const masterKey = randomBytes(32).toString('base64');
    world = await startTestApp({ masterKey });
    other = await startTestApp({ masterKey, databaseUrl: world.databaseUrl, clock: world.clock });
    applicationId = (await world.app.get(Applications, { strict: false }).bySlug())?.id ?? '';
  });
  afterAll(async () => {
    await other.stop();
    await world.stop();
  });

  const subscriber = (handle: RelaySubscriber['handle']): RelaySubscriber => ({
    name: 'test',
    types: ['webhook.test'],
    ready: () => true,
    handle,
  });
  const noting = subscriber(async (_tx, events) => {
    taken.push(...events.map(({ data }) => String(data['nth'])));
  });
  const relayOf = ({ app }: TestApp): EventRelay => app.get(EventRelay, { strict: false });
  const append = (
    nth: number | string,
    type: 'webhook.test' | 'user.updated' = 'webhook.test',
  ): Promise<void> =>
    world.app.get(EventLog, { strict: false }).append(world.app.get(Database, { strict: false }).direct, {
      type,
      applicationId,
      userId: null,
      origin: SYSTEM_ORIGIN,
      data: { nth },
    });
  const drain = async (to: RelaySubscriber = noting, from: TestApp = world): Promise<void> => {
    while ((await relayOf(from).handOver(to)) > 0);
  };
  /** Drains once every transaction that had begun is over: those of other tests hold up the relay, too. */
  const drainAll = async (): Promise<void> => {
    const [now] = await sql<{ future: string }>(
      world.databaseUrl,
      `SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS future`,
    );
    await eventually(async () => {
      const [over] = await sql<{ yes: boolean }>(
        world.databaseUrl,
        `SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= $1::bigint AS yes`,
        [now?.future],
      );
      return over?.yes === true;
    });
    await drain();
  };

  beforeEach(async () => {
    taken = [];
    await sql(
      world.databaseUrl,
      `INSERT INTO relay_positions (subscriber, tx, event_id, at)
       SELECT 'test', pg_current_xact_id()::text::bigint + tx_offset, 'ffffffff-ffff-ffff-ffff-ffffffffffff', now()
         FROM database_origin`,
    );
  });
  afterEach(() => sql(world.databaseUrl, `DELETE FROM relay_positions WHERE subscriber = 'test'`));

  it('hands on what was committed, in order, once, and only what was asked for', async () => {
    for (let nth = 0; nth < 5; nth += 1) await append(nth, nth === 2 ? 'user.updated' : 'webhook.test');
    await drainAll();
    await drainAll();
    expect(taken).toEqual(['0', '1', '3', '4']);
  });

  it('goes on over more than one batch', async () => {
    await Promise.all(Array.from({ length: 450 }, (_, nth) => append(nth)));
    await drainAll();
    expect(new Set(taken).size).toBe(450);
    expect(taken).toHaveLength(450);
  });

  it('passes over no event of a transaction that commits late', async () => {
    const slow = new pg.Client({ connectionString: world.databaseUrl });
    await slow.connect();
    try {
      await slow.query('BEGIN');
      await slow.query(
        `INSERT INTO events (id, at, application_id, type, actor_type, data)
         VALUES ($1, $2, $3, 'webhook.test', 'system', '{"nth":"late"}')`,
        [newId(world.clock), world.clock.now(), applicationId],
      );
      await append('early');
      await drain();
      expect(taken).toEqual([]);
      await slow.query('COMMIT');
      await drainAll();
      expect([...taken].sort()).toEqual(['early', 'late']);
    } finally {
      await slow.end();
    }
  });

  it('hands each event to one worker, however many there are', async () => {
    await Promise.all(Array.from({ length: 60 }, (_, nth) => append(nth)));
    await atOnce(8, (turn) => drain(noting, turn % 2 === 0 ? world : other));
    await drainAll();
    expect(taken).toHaveLength(60);
    expect(new Set(taken).size).toBe(60);
  });

  it('moves on together with what the subscriber wrote, or not at all', async () => {
    await append('once');
    const failing = subscriber(async (tx, [event]: readonly RelayedEvent[]) => {
      await tx.run(`UPDATE applications SET name = 'half done' WHERE id = $1`, [applicationId]);
      throw new Error(`cannot take ${String(event?.id)}`);
    });
    await expect(relayOf(world).handOver(failing)).rejects.toThrow('cannot take');
    const [row] = await sql<{ name: string }>(world.databaseUrl, 'SELECT name FROM applications');
    expect(row?.name).not.toBe('half done');
    await drainAll();
    expect(taken).toEqual(['once']);
  });

  it('passes over nothing when a clock that was far ahead steps back', async () => {
    const ahead = 40 * 86_400_000;
    world.clock.advance(ahead);
    await append('ahead');
    await drainAll();
    world.clock.advance(-ahead);
    await append('back');
    await drainAll();
    expect(taken).toEqual(['ahead', 'back']);
  });

  describe('in a server that has counted fewer transactions than the one before', () => {
    const afterRestore = (pending: 'drop' | 'send'): Promise<void> =>
      world.app
        .get(AfterRestore, { strict: false })
        .run({ pending, moved: true, dryRun: false, tell: () => undefined });
    beforeEach(async () => {
      await append('before');
      await sql(
        world.databaseUrl,
        `UPDATE relay_positions SET tx = tx + 1000000 WHERE subscriber = 'test';
         UPDATE events SET tx = tx + 2000000
          WHERE id = (SELECT id FROM events WHERE data ->> 'nth' = 'before' ORDER BY id DESC LIMIT 1)`,
      );
      await append('during');
      await drainAll();
      expect(taken, 'nothing is handed on before an operator has decided').toEqual([]);
      await append('held');
      await drainAll();
      expect(taken).toEqual([]);
    });

    it('goes on with what has happened since where what was pending is dropped', async () => {
      await afterRestore('drop');
      await append('after');
      await drainAll();
      expect(taken).toEqual(['held', 'after']);
    });

    it('goes on with what was pending where that is sent, too', async () => {
      await afterRestore('send');
      await append('after');
      await drainAll();
      expect(taken).toEqual(['before', 'held', 'after']);
    });
  });

  it('finds the next events by an index, in every partition', async () => {
    const client = new pg.Client({ connectionString: world.databaseUrl });
    await client.connect();
    try {
      // The partitions of a test are too small for a planner to care.
      await client.query('SET enable_seqscan = off; SET enable_bitmapscan = off');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `EXPLAIN SELECT id FROM events
          WHERE (tx, id) > (1::bigint, '00000000-0000-0000-0000-000000000000') AND tx < 9000000000::bigint
          ORDER BY tx, id LIMIT 200`,
      );
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toContain('Merge Append');
      expect(plan).not.toContain('Seq Scan');
    } finally {
      await client.end();
    }
  });

  it('looks for what is due by the indices too, also in partitions that were empty when it was planned', async () => {
    const client = new pg.Client({ connectionString: world.databaseUrl });
    await client.connect();
    try {
      await client.query(`PREPARE due (text) AS ${IS_DUE.text}`);
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE due ('webhooks')`);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toContain('Merge Append');
      expect(plan).not.toMatch(/Seq Scan on events/);
    } finally {
      await client.end();
    }
  });
});
