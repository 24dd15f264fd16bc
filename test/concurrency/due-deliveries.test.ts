import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeliveryIntake } from '../../libs/webhooks/src/deliveries/delivery-intake.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { makeAdministrator } from '../factories/servers.js';
import { sql, uuidOf } from '../factories/sql.js';

describe('deliveries that are due at the same time', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp({ env: { WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' } });
  });
  afterAll(() => world.stop());

  it('are each taken in hand once, though there are two jobs for one of them', async () => {
    const { token } = await makeAdministrator(world);
    // A port that nobody listens on.
    const webhook = await world.client.post(
      '/v1/webhooks',
      { url: 'http://127.0.0.1:9/', events: ['*'] },
      { token },
    );
    expect(webhook.status).toBe(201);
    const deliveries = await sql<{ id: string; createdAt: Date; attempt: number }>(
      world.databaseUrl,
      `INSERT INTO webhook_deliveries (id, created_at, webhook_id, event_id, event_at, event_type)
       SELECT given.id, date_trunc('milliseconds', now()), $2, event.id, event.at, event.type
         FROM unnest($1::uuid[]) AS given (id), (SELECT * FROM events LIMIT 1) AS event
       RETURNING id, created_at AS "createdAt", attempt`,
      [[randomUUID(), randomUUID()], uuidOf(webhook.body.id)],
    );
    const [one, other] = deliveries;
    if (one === undefined || other === undefined) throw new Error('two were written');
    const intake = world.app.get(DeliveryIntake, { strict: false });
    const taken = await Promise.all([one, one, other].map((delivery) => intake.take(delivery)));
    expect(taken.sort()).toEqual(['nothing-to-do', 'taken', 'taken']);
  });
});
