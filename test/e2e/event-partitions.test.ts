import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MonthlyPartitions } from '@countersign/core';
import { startTestApp, type TestApp } from '../factories/app.js';
import { register } from '../factories/people.js';
import { sql } from '../factories/sql.js';

describe("the event log's partitions", () => {
  let world: TestApp;
  let partitions: MonthlyPartitions;
  beforeAll(async () => {
    world = await startTestApp({ env: { EVENT_RETENTION: '90d' } });
    partitions = world.app.get(MonthlyPartitions, { strict: false });
  });
  afterAll(() => world.stop());

  const names = async (): Promise<string[]> => {
    const rows = await sql<{ name: string }>(
      world.databaseUrl,
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY name`,
    );
    return rows.map(({ name }) => name);
  };

  const makeOld = (): Promise<unknown> =>
    sql(
      world.databaseUrl,
      `CREATE TABLE events_2020_01 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2020-02-01')`,
    );

  it('are there for this month and the next two from the start', async () => {
    expect((await names()).filter((name) => /^events_\d{4}_\d{2}$/.test(name))).toHaveLength(3);
  });

  it('go when all of their events are past the retention, and no sooner', async () => {
    const before = await names();
    await makeOld();
    await partitions.retire();
    expect(await names()).toEqual(before);
  });

  it('stay for a clock that runs years ahead, because the database knows better', async () => {
    const before = await names();
    const days = 3 * 365;
    world.clock.advance(days * 86_400_000);
    await partitions.retire();
    world.clock.advance(-days * 86_400_000);
    expect(await names()).toEqual(before);
  });

  it('hold up no request while somebody reads the log for long', async () => {
    await makeOld();
    const reader = new pg.Client({ connectionString: world.databaseUrl });
    await reader.connect();
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM events');
    try {
      const [person] = await Promise.all([register(world), partitions.retire()]);
      expect(person.id).toMatch(/^usr_/);
      expect(await names()).toContain('events_2020_01');
    } finally {
      await reader.query('ROLLBACK');
      await reader.end();
    }
    await partitions.retire();
    expect(await names()).not.toContain('events_2020_01');
  });
});
