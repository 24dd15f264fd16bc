import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import { eventually, type ProductProcess, startProcess } from '../factories/process.js';
import { type Receiver, startReceiver } from '../factories/receivers.js';
import { makeServer, newExternalId, type Server } from '../factories/servers.js';
import { sql } from '../factories/sql.js';

const EVENTS = 120;

/** Workers as processes of their own, and an API process that is not one. */
describe('webhook workers', () => {
  let world: TestApp;
  let server: Server;
  let receiver: Receiver;
  let env: Record<string, string>;
  const workers: ProductProcess[] = [];
  beforeAll(async () => {
    const masterKey = randomBytes(32).toString('base64');
    world = await startTestApp({ masterKey, env: { WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' } });
    server = await makeServer(world, { rateLimit: { limit: 100_000, windowSeconds: 60 } });
    env = {
      NODE_ENV: 'test',
      ROLE: 'worker',
      DATABASE_URL: world.databaseUrl,
      MASTER_KEY: masterKey,
      WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8',
      WEBHOOK_RETRY_SCHEDULE: Array.from({ length: 20 }, () => '200ms').join(','),
      WEBHOOK_TIMEOUT: '500ms',
      LOG_LEVEL: 'warn',
    };
    receiver = await startReceiver((_request, response) => {
      setTimeout(() => response.writeHead(204).end(), 30);
    });
    await server.post('/v1/webhooks', { url: receiver.url, events: ['user.created'] });
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await receiver.stop();
    await world.stop();
  });

  const startWorker = async (): Promise<ProductProcess> => {
    const worker = await startProcess({ env });
    workers.push(worker);
    return worker.ready();
  };
  const makeUsers = async (): Promise<void> => {
    for (let turn = 0; turn < EVENTS; turn += 1) await server.put(`/v1/users/${newExternalId()}`, {});
  };
  const eventIds = async (): Promise<string[]> => {
    const rows = await sql<{ id: string }>(
      world.databaseUrl,
      `SELECT id FROM events WHERE type = 'user.created'`,
    );
    return rows.map(({ id }) => id);
  };
  const everythingArrived = async (): Promise<boolean> =>
    new Set(receiver.messages.map(({ id }) => id)).size === (await eventIds()).length;

  it('lose nothing, two of them at once, one killed in the middle of its deliveries', async () => {
    const [first] = await Promise.all([startWorker(), startWorker()]);
    await makeUsers();
    await eventually(() => receiver.messages.length > 10);
    await first?.stop('SIGKILL');
    await makeUsers();
    await eventually(everythingArrived);
    expect(receiver.messages.length).toBeGreaterThanOrEqual((await eventIds()).length);
    await eventually(async () => {
      const pending = await sql(
        world.databaseUrl,
        `SELECT id FROM webhook_deliveries WHERE status <> 'succeeded'`,
      );
      return pending.length === 0;
    });
  });

  it('hand over while they stop in order, and what an API process asked for is done by a worker', async () => {
    const { body } = await server.get('/v1/webhooks');
    const id = (body.data as { id: string }[])[0]?.id;
    const [newest] = (await server.get(`/v1/webhooks/${id}/deliveries?limit=1`)).body.data as {
      id: string;
      eventId: string;
    }[];
    const before = receiver.messages.length;
    const answer = await server.post(`/v1/webhooks/${id}/deliveries/${newest?.id}/redeliver`);
    expect(answer.status).toBe(202);
    await eventually(() => receiver.messages.length === before + 1);
    expect(receiver.messages.at(-1)?.id).toBe(newest?.eventId);
    await makeUsers();
    const last = workers.at(-1);
    expect((await last?.stop('SIGTERM'))?.code).toBe(0);
    await startWorker();
    await eventually(everythingArrived);
  });
});
