import { randomUUID } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

import { type Cluster, type Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';

import { TestClock } from '../clock/test-clock.js';
import { EphemeralStoreUnavailable } from './ephemeral-store.js';
import { connectRedis, evictionPolicy, untilReady } from './redis.connection.js';
import { RedisEphemeralStore } from './redis.store.js';

const redisUrl = process.env['TEST_REDIS_URL'];

/** What is closed after each test. */
const opened: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

/** Stands between a client and Redis, and does to their wire what a bad network or a hung server does. */
class Wire {
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();
  private mute = false;
  port = 0;

  /** Listens, the first time on a free port, later on the same one; without `target` nobody ever answers. */
  async up(target?: URL): Promise<void> {
    const server = createServer((near) => {
      this.keep(near);
      if (target === undefined) return;
      const far = this.keep(connect(Number(target.port || 6379), target.hostname));
      near.pipe(far);
      far.on('data', (chunk) => this.mute || near.write(chunk));
      far.on('close', () => near.destroy());
      near.on('close', () => far.destroy());
    });
    this.server = server;
    await new Promise<void>((listening) => server.listen(this.port, '127.0.0.1', listening));
    this.port = (server.address() as AddressInfo).port;
  }

  /** From now on requests arrive and answers do not. */
  hang(): void {
    this.mute = true;
  }

  /** Every connection breaks. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
    this.mute = false;
  }

  /** Nobody listens any longer. */
  async down(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    const closed = server && new Promise<void>((done) => server.close(() => done()));
    this.cut();
    await closed;
  }

  close(): Promise<void> {
    return this.down();
  }

  private keep(socket: Socket): Socket {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
    return socket;
  }
}

async function openWire(target?: URL): Promise<Wire> {
  const wire = new Wire();
  await wire.up(target);
  opened.push(wire);
  return wire;
}

function openClient(port: number, log: string[] = []): Redis | Cluster {
  const client = connectRedis({ host: '127.0.0.1', port }, (message) => log.push(message));
  opened.unshift({ close: () => client.disconnect() });
  return client;
}

/** How long a refusal took, in milliseconds; a store that answers instead fails the test. */
async function refusal(answer: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await expect(answer).rejects.toBeInstanceOf(EphemeralStoreUnavailable);
  return performance.now() - began;
}

async function times(client: Redis | Cluster, event: string, count: number): Promise<void> {
  for (let seen = 0; seen < count; seen += 1) {
    await new Promise<void>((done) => client.once(event, () => done()));
  }
}

describe('connectRedis', () => {
  it('refuses what is not a Redis URL, without repeating it', () => {
    for (const url of ['http://h', 'redis://', 'redis://:hunter2@h:port']) {
      expect(() => connectRedis(url, () => undefined)).toThrow(
        /^Not a Redis URL: expected redis:\/\/ or rediss:\/\/$/,
      );
    }
  });

  it('rejects at once where nobody listens, and tells of the outage once, however often it retries', async () => {
    const wire = await openWire();
    await wire.down();
    const log: string[] = [];
    const client = openClient(wire.port, log);
    const store = new RedisEphemeralStore(client, new TestClock());
    expect(await refusal(store.ping())).toBeLessThan(200);
    await times(client, 'reconnecting', 3);
    expect(await refusal(store.ping())).toBeLessThan(200);
    expect(log).toEqual([expect.stringContaining('ECONNREFUSED')]);
    expect(await evictionPolicy(client, 50)).toBeUndefined();
  });

  it('rejects within a second where a server accepts and never answers, and goes on trying', async () => {
    const wire = await openWire();
    const log: string[] = [];
    const client = openClient(wire.port, log);
    const store = new RedisEphemeralStore(client, new TestClock());
    await times(client, 'connect', 1);
    expect(await refusal(store.ping())).toBeLessThan(1000);
    await times(client, 'connect', 2);
    expect(await refusal(store.take([{ key: 'a', limit: 1, windowMs: 1 }]))).toBeLessThan(1000);
    expect(log).toHaveLength(1);
  });

  it('starts a cluster client that rejects at once while no node is there', async () => {
    const [one, other] = [await openWire(), await openWire()];
    await Promise.all([one.down(), other.down()]);
    const log: string[] = [];
    const client = connectRedis(`redis://127.0.0.1:${one.port},127.0.0.1:${other.port}`, (text) =>
      log.push(text),
    );
    opened.unshift({ close: () => client.disconnect() });
    const store = new RedisEphemeralStore(client, new TestClock());
    expect(client.isCluster).toBe(true);
    expect(await refusal(store.ping())).toBeLessThan(200);
    await times(client, 'reconnecting', 2);
    expect(await refusal(store.ping())).toBeLessThan(200);
    expect(log).toHaveLength(1);
  });
});

describe.skipIf(redisUrl === undefined)('a client of connectRedis (set TEST_REDIS_URL to run)', () => {
  const target = new URL(redisUrl?.split(',')[0] ?? 'redis://unused');

  it('recovers by itself when the server comes up, and tells of a second outage', async () => {
    const wire = await openWire();
    await wire.down();
    const log: string[] = [];
    const client = openClient(wire.port, log);
    const store = new RedisEphemeralStore(client, new TestClock());
    await times(client, 'error', 1);
    await refusal(store.ping());
    await wire.up(target);
    expect(await untilReady(client, 5000)).toBe(true);
    await store.ping();
    await wire.down();
    await times(client, 'error', 1);
    await refusal(store.ping());
    expect(log).toHaveLength(2);
  });

  it('costs a request one second in all when Redis hangs between two commands', async () => {
    const wire = await openWire(target);
    const client = openClient(wire.port);
    const store = new RedisEphemeralStore(client, new TestClock());
    await untilReady(client, 5000);
    await store.ping();
    wire.hang();
    const began = performance.now();
    const key = `test:{${randomUUID()}}`;
    await refusal(store.take([{ key, limit: 1, windowMs: 1000 }]));
    await refusal(store.claim(key, '', []));
    expect(performance.now() - began).toBeLessThan(1000);
    wire.cut();
    expect(await untilReady(client, 5000)).toBe(true);
    await store.ping();
  });

  it('never repeats a command whose answer was lost', async () => {
    const wire = await openWire(target);
    const client = openClient(wire.port);
    const clock = new TestClock();
    const store = new RedisEphemeralStore(client, clock);
    const bucket = { key: `test:{${randomUUID()}}`, limit: 10, windowMs: 60_000 };
    await untilReady(client, 5000);
    await store.take([bucket]);
    wire.hang();
    const lost = store.take([bucket]);
    const direct = connectRedis(redisUrl ?? '', () => undefined);
    opened.unshift({ close: () => direct.disconnect() });
    await untilReady(direct, 5000);
    await expect.poll(() => direct.get(bucket.key)).toMatch(/^2:/);
    wire.cut();
    await refusal(lost);
    expect(await untilReady(client, 5000)).toBe(true);
    expect((await store.take([bucket])).states[0]?.remaining).toBe(7);
  });

  it('tells the eviction policy, waiting for the connection', async () => {
    const client = connectRedis(redisUrl ?? '', () => undefined);
    opened.unshift({ close: () => client.disconnect() });
    expect(await evictionPolicy(client)).toBe('noeviction');
  });

  it('closes while Redis is there and while it is not', async () => {
    const wire = await openWire(target);
    for (const gone of [false, true]) {
      const client = openClient(wire.port);
      const store = new RedisEphemeralStore(client, new TestClock());
      await untilReady(client, 5000);
      if (gone) await wire.down();
      await store.close();
      expect(await refusal(store.ping())).toBeLessThan(200);
      await expect.poll(() => client.status).toBe('end');
    }
  });
});
