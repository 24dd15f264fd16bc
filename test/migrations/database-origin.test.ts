import { afterAll, describe, expect, it } from 'vitest';
import { Database } from '@countersign/core';
import { migrations } from '../../migrations/index.js';
import { emptyDatabase } from '../factories/database.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { sql } from '../factories/sql.js';

const BEFORE = migrations.filter((Migration) => !new Migration().name.startsWith('DatabaseOrigin'));

describe('a database from before migration 16', () => {
  const worlds: TestApp[] = [];
  afterAll(() => Promise.all(worlds.map((world) => world.stop())));

  it.each([
    { what: 'goes on as it was', moved: '0', relay: undefined },
    {
      what: 'that was restored into a server which has counted fewer transactions is held',
      moved: '1000000',
      relay: 'held',
    },
  ])('$what', async ({ moved, relay }) => {
    const databaseUrl = await emptyDatabase();
    await Database.migrate(databaseUrl, BEFORE);
    await sql(databaseUrl, `UPDATE relay_positions SET tx = tx + ${moved}`);
    await Database.migrate(databaseUrl, migrations);
    const world = await startTestApp({ databaseUrl });
    worlds.push(world);
    const { body } = await world.client.get('/health');
    expect(body.checks).toEqual({ database: 'ok', ephemeralStore: 'ok', relay });
  });
});
