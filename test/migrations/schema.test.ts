import pg from 'pg';
import { DataSource, type QueryRunner } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '@countersign/core';
import { entities } from '../../apps/api/src/app.module.js';
import { migrations } from '../../migrations/index.js';
import { migrate } from '../../libs/core/src/database/migrate.js';
import { emptyDatabase } from '../factories/database.js';
import { startTestApp } from '../factories/app.js';
import { eventually } from '../factories/process.js';
import { sql } from '../factories/sql.js';

describe('the migrations', () => {
  let databaseUrl: string;
  let applied: string[];
  beforeAll(async () => {
    databaseUrl = await emptyDatabase();
    applied = await Database.migrate(databaseUrl, migrations);
  });

  it('are all applied to an empty database, and none a second time', async () => {
    expect(applied).toEqual(migrations.map((Migration) => new Migration().name));
    expect(await Database.migrate(databaseUrl, migrations)).toEqual([]);
  });

  it('are applied once by instances that migrate at the same moment', async () => {
    const url = await emptyDatabase();
    const by = await Promise.all([1, 2, 3, 4].map(() => Database.migrate(url, migrations)));
    expect(by.flat()).toEqual(applied);
  });

  it('wait for a table in short turns, between which requests go on', async () => {
    const url = await emptyDatabase();
    await Database.migrate(url, migrations);
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    try {
      await holder.query('BEGIN; SELECT FROM factors');
      class Widening0000000009999 {
        readonly name = 'Widening0000000009999';
        async up(runner: QueryRunner): Promise<void> {
          await runner.query('ALTER TABLE factors ADD COLUMN later text');
        }
        down(): Promise<void> {
          return Promise.resolve();
        }
      }
      const migrating = migrate(url, [...migrations, Widening0000000009999], {
        statementTimeoutMs: 0,
        lockTimeoutMs: 50,
      });
      const waits = async (): Promise<boolean> =>
        (await sql(url, `SELECT FROM pg_locks WHERE NOT granted AND relation = 'factors'::regclass`)).length >
        0;
      await eventually(waits);
      // It would wait behind the migration for as long as that waits itself.
      await sql(url, `SET lock_timeout = '500ms'; SELECT FROM factors`);
      await holder.query('ROLLBACK');
      expect(await migrating).toEqual(['Widening0000000009999']);
    } finally {
      await holder.end();
    }
  });

  it('go forward only', async () => {
    for (const Migration of migrations) {
      await expect(new Migration().down()).rejects.toThrow('forward only');
    }
  });

  it('let the version before run on', async () => {
    const url = await emptyDatabase();
    let before = new Map<string, Column>();
    for (const [at, Migration] of migrations.entries()) {
      await Database.migrate(url, migrations.slice(0, at + 1));
      const after = await columnsOf(url);
      const tables = new Set([...before.values()].map(({ table }) => table));
      // It goes on reading every column as it was, and writes rows without those that it does not know.
      for (const [name, { type, nullable }] of before) {
        expect(after.get(name), `${name} after ${Migration.name}`).toMatchObject({
          type,
          nullable: expect.toSatisfy((now: boolean) => now || !nullable),
        });
      }
      const needed = [...after].filter(
        ([name, { table, nullable, hasDefault }]) =>
          tables.has(table) && !before.has(name) && !nullable && !hasDefault,
      );
      expect(needed, `demanded by ${Migration.name}`).toEqual([]);
      before = after;
    }
    expect(before.size).toBeGreaterThan(100);
  });

  it('leave security keys of before as they are, one that is enrolled twice included', async () => {
    const url = await emptyDatabase();
    const at = migrations.findIndex(({ name }) => name.startsWith('FactorIdentities'));
    await Database.migrate(url, migrations.slice(0, at));
    const id = (last: number): string => `01900000-0000-7000-8000-00000000000${last}`;
    await sql(
      url,
      `WITH application AS (
         INSERT INTO applications (id, slug, name, issuer, created_at, updated_at)
         VALUES ('${id(1)}', 'a', 'a', 'a', now(), now())
       ), account AS (
         INSERT INTO users (id, application_id, external_id, created_at, updated_at)
         VALUES ('${id(2)}', '${id(1)}', 'u', now(), now())
       )
       INSERT INTO factors (id, application_id, user_id, type, status, hint, secret, security_epoch, created_at)
       SELECT id::uuid, '${id(1)}', '${id(2)}', 'webauthn', 'active', 'Security key', 'sealed', 1, now()
         FROM unnest(ARRAY['${id(3)}', '${id(4)}']) AS id`,
    );
    await Database.migrate(url, migrations);
    const factors = (): Promise<unknown[]> =>
      sql(url, 'SELECT id, status, identity::text FROM factors ORDER BY id');
    const before = { status: 'active', identity: null };
    expect(await factors()).toEqual([
      { id: id(3), ...before },
      { id: id(4), ...before },
    ]);
    const claim = (last: number): Promise<unknown> =>
      sql(url, `UPDATE factors SET identity = 'one' WHERE id = $1`, [id(last)]);
    await claim(3);
    await expect(claim(4)).rejects.toThrow('factors_identity_key');
  });

  it('name every index and every constraint', async () => {
    const names = await sql<{ table: string; name: string }>(
      databaseUrl,
      `SELECT conrelid::regclass::text AS "table", conname AS name
         FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
          -- PostgreSQL 18 keeps NOT NULL as constraints too; nobody drops these by name. TypeORM makes its own table.
          AND contype <> 'n' AND conrelid <> 'migrations'::regclass
          -- A partition has copies of its parent's.
          AND NOT (SELECT relispartition FROM pg_class WHERE oid = conrelid)
       UNION
       SELECT tablename, indexname
         FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'migrations'
          AND NOT (SELECT relispartition FROM pg_class WHERE oid = tablename::regclass)`,
    );
    expect(names.length).toBeGreaterThan(30);
    const unnamed = names.filter(
      ({ table, name }) => !name.startsWith(`${table}_`) || !/_(pk|fk|key|check|index)$/.test(name),
    );
    expect(unnamed).toEqual([]);
  });

  describe('make the schema that the entities describe', () => {
    let dataSource: DataSource;
    beforeAll(async () => {
      dataSource = new DataSource({ type: 'postgres', url: databaseUrl, entities, installExtensions: false });
      await dataSource.initialize();
    });
    afterAll(() => dataSource.destroy());

    it('to the last column, index and constraint', async () => {
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    });

    it('and no table that no entity describes', async () => {
      const tables = await sql<{ name: string }>(
        databaseUrl,
        `SELECT relname AS name
           FROM pg_class
          WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
            AND relname <> 'migrations'
          ORDER BY relname`,
      );
      expect(tables.map(({ name }) => name)).toEqual(
        dataSource.entityMetadatas.map(({ tableName }) => tableName).sort(),
      );
    });
  });

  it('leave a place for this month and the next two in the event log once a service has started', async () => {
    const world = await startTestApp({ databaseUrl });
    try {
      const partitions = await sql<{ name: string }>(
        databaseUrl,
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1`,
      );
      const month = (ahead: number): string => {
        const now = world.clock.now();
        const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead));
        return `events_${first.toISOString().slice(0, 7).replace('-', '_')}`;
      };
      expect(partitions.map(({ name }) => name)).toEqual([
        ...[month(0), month(1), month(2)].sort(),
        'events_default',
      ]);
    } finally {
      await world.stop();
    }
  });
});

interface Column {
  readonly table: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly hasDefault: boolean;
}

async function columnsOf(databaseUrl: string): Promise<Map<string, Column>> {
  const columns = await sql<Column & { name: string }>(
    databaseUrl,
    `SELECT table_name AS "table", table_name || '.' || column_name AS name, data_type AS type,
            is_nullable = 'YES' AS nullable, column_default IS NOT NULL AS "hasDefault"
       FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name <> 'migrations'`,
  );
  return new Map(columns.map(({ name, ...column }) => [name, column]));
}
