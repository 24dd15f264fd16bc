import { Database, newId } from '@countersign/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../../migrations/index.js';
import { emptyDatabase } from '../factories/database.js';
import { sql } from '../factories/sql.js';

const AT = new Date('2026-11-01T00:00:00Z');

describe('migration 17', () => {
  let databaseUrl: string;
  const [webhookId, deliveryId, eventId] = [newId(AT), newId(AT), newId(AT)];
  const deliver = (id: string): Promise<object[]> =>
    sql(
      databaseUrl,
      `INSERT INTO webhook_deliveries (id, created_at, webhook_id, event_id, event_at, event_type)
       VALUES ($1, $2, $3, $4, $2, 'user.created')`,
      [id, AT, webhookId, eventId],
    );
  const ask = (): Promise<object[]> =>
    sql(
      databaseUrl,
      `INSERT INTO webhook_replays (id, webhook_id, after_at, after_id, until) VALUES ($1, $2, $3, $4, $3)`,
      [newId(AT), webhookId, AT, eventId],
    );

  beforeAll(async () => {
    databaseUrl = await emptyDatabase();
    const before = migrations.findIndex((Migration) => new Migration().name === 'Redeliveries0000000000017');
    await Database.migrate(databaseUrl, migrations.slice(0, before));
    const applicationId = newId(AT);
    await sql(
      databaseUrl,
      `INSERT INTO applications (id, slug, name, issuer, created_at, updated_at) VALUES ($1, 'a', 'a', 'a', $2, $2)`,
      [applicationId, AT],
    );
    await sql(
      databaseUrl,
      `INSERT INTO webhooks (id, application_id, url, events, secret, created_at, updated_at)
       VALUES ($1, $2, 'http://127.0.0.1/', '{*}', '', $3, $3)`,
      [webhookId, applicationId, AT],
    );
    await deliver(deliveryId);
    await ask();
    await Database.migrate(databaseUrl, migrations);
  });

  it('leaves what was on its way as nobody has asked for it again, and what the version before writes as well', async () => {
    await deliver(newId(AT));
    await ask();
    await ask();
    expect(await sql(databaseUrl, 'SELECT status, again FROM webhook_deliveries')).toEqual([
      { status: 'pending', again: false },
      { status: 'pending', again: false },
    ]);
    expect(await sql(databaseUrl, 'SELECT batch, turn_at AS "turnAt" FROM webhook_replays')).toEqual(
      Array.from({ length: 3 }, () => ({ batch: [], turnAt: null })),
    );
  });
});
