import { randomBytes } from 'node:crypto';
import { createServer, type Server as TcpServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { freshDatabase } from '../../factories/database.js';
import { eventually } from '../../factories/process.js';
import { type Receiver, startReceiver } from '../../factories/receivers.js';
import { makeServer, newExternalId, type Server } from '../../factories/servers.js';
import { sql } from '../../factories/sql.js';

const LONGEST_WAIT_MS = 4_000;

describe('a receiver that is alive', { timeout: 60_000 }, () => {
  let world: TestApp;
  let server: Server;
  let receivers: Receiver[] = [];
  beforeAll(async () => {
    world = await startTestApp({
      env: {
        ROLE: 'all',
        WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8',
        WEBHOOK_RETRY_SCHEDULE: '1h',
        WEBHOOK_TIMEOUT: '8s',
      },
    });
    server = await makeServer(world, { rateLimit: { limit: 1_000_000, windowSeconds: 60 } });
  });
  afterEach(async () => {
    const { body } = await server.get('/v1/webhooks?limit=100');
    for (const { id } of body.data as { id: string }[]) await server.delete(`/v1/webhooks/${id}`);
    await Promise.all(receivers.map((receiver) => receiver.stop()));
    receivers = [];
  });
  afterAll(() => world.stop());

  const receive = async (...args: Parameters<typeof startReceiver>): Promise<Receiver> => {
    const receiver = await startReceiver(...args);
    receivers.push(receiver);
    return receiver;
  };
  const hook = async (url: string): Promise<string> =>
    (await server.post('/v1/webhooks', { url, events: ['user.created'] })).body.id as string;
  const happen = async (times: number): Promise<void> => {
    for (let turn = 0; turn < times; turn += 1) await server.put(`/v1/users/${newExternalId()}`, {});
  };
  const arriveSoon = async (arrived: () => number): Promise<void> => {
    await happen(40);
    const begun = performance.now();
    await happen(40);
    await eventually(() => arrived() >= 80);
    expect(performance.now() - begun).toBeLessThan(LONGEST_WAIT_MS);
  };

  it('does not wait for dead ones on the same host', async () => {
    let good = 0;
    const host = await receive((request, response) => {
      if (request.url !== '/good') return;
      good += 1;
      response.writeHead(204).end();
    });
    for (const path of ['good', 'dead-1', 'dead-2', 'dead-3']) await hook(host.url.replace('hook', path));
    await arriveSoon(() => good);
  });

  it('does not wait for thirty dead ones', async () => {
    const dead = await receive(() => undefined);
    for (let nth = 0; nth < 30; nth += 1) await hook(`${dead.url}?${nth}`);
    const good = await receive();
    await hook(good.url);
    await arriveSoon(() => good.messages.length);
  });

  it('is sent to once more at once when it had closed the connection that was kept for it', async () => {
    const requests: number[] = [];
    const closing = await closingServer((nth) => requests.push(nth));
    const { port } = closing.address() as { port: number };
    try {
      const id = await hook(`http://127.0.0.1:${port}/`);
      await happen(1);
      await eventually(() => requests.length === 1);
      await happen(1);
      await eventually(async () => {
        const { body } = await server.get(`/v1/webhooks/${id}/deliveries`);
        const states = (body.data as { status: string; attempt: number }[]).map(
          ({ status, attempt }) => `${status} ${attempt}`,
        );
        return states.join() === 'succeeded 1,succeeded 1';
      });
      // The first of its connection, the second, and that one again as the first of another.
      expect(requests).toEqual([1, 2, 1]);
    } finally {
      closing.close();
    }
  });

  it('is served by the next worker at once with what a stopped one had not begun', async () => {
    const databaseUrl = await freshDatabase();
    const masterKey = randomBytes(32).toString('base64');
    const env = { ROLE: 'all', WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8', WEBHOOK_TIMEOUT: '5s' };
    const hanging = await receive(() => undefined);
    const first = await startTestApp({ databaseUrl, masterKey, env });
    const caller = await makeServer(first, { rateLimit: { limit: 1_000_000, windowSeconds: 60 } });
    await caller.post('/v1/webhooks', { url: hanging.url, events: ['user.created'] });
    for (let turn = 0; turn < 40; turn += 1) await caller.put(`/v1/users/${newExternalId()}`, {});
    const held = `SELECT id FROM webhook_deliveries WHERE leased_until > now()`;
    await eventually(async () => (await sql(databaseUrl, held)).length >= 40);
    await eventually(() => hanging.messages.length === 4);
    await first.stop();
    expect(await sql(databaseUrl, held)).toHaveLength(4);
    hanging.answer = (_request, response) => response.writeHead(204).end();
    const second = await startTestApp({ databaseUrl, masterKey, env });
    try {
      await eventually(() => new Set(hanging.messages.map(({ id }) => id)).size >= 40);
    } finally {
      await second.stop();
    }
  });

  it('is not kept from its turn by one that answers with another protocol', async () => {
    const switching = await switchingServer();
    const { port } = switching.address() as { port: number };
    try {
      const id = await hook(`http://127.0.0.1:${port}/`);
      await happen(1);
      await eventually(async () => {
        const { body } = await server.get(`/v1/webhooks/${id}/deliveries`);
        return body.data[0]?.error === 'connection_lost';
      });
    } finally {
      switching.close();
    }
  });
});

/** Answers everything with 101, and keeps the connection. */
async function switchingServer(): Promise<TcpServer> {
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Answers the first request of each connection, and cuts the connection at the second. */
async function closingServer(asked: (nth: number) => void): Promise<TcpServer> {
  const server = createServer((socket) => {
    let nth = 0;
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        if (!chunk.toString('latin1').includes('POST ')) return;
        nth += 1;
        asked(nth);
        if (nth === 1) socket.write('HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n');
        else socket.resetAndDestroy();
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
