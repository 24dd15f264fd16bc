import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '@countersign/core';
import { entities } from '../../apps/api/src/app.module.js';
import { migrations } from '../../migrations/index.js';
import { emptyDatabase } from '../factories/database.js';
import { startTestApp } from '../factories/app.js';
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

  it('go forward only', async () => {
    for (const Migration of migrations) {
      await expect(new Migration().down()).rejects.toThrow('forward only');
    }
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
