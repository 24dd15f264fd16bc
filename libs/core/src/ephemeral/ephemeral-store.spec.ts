import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { TestClock } from '../clock/test-clock.js';
import { COLLECT_AFTER_MS } from './collection.js';
import { type Bucket, type EphemeralStore, EphemeralStoreUnavailable } from './ephemeral-store.js';
import { InProcessEphemeralStore } from './in-process.store.js';
import { connectRedis, untilReady } from './redis.connection.js';
import { RedisEphemeralStore } from './redis.store.js';

const redisUrl = process.env['TEST_REDIS_URL'];
const MINUTE = 60_000;

/** Two views of one store, as two instances of the service have them. */
interface Pair {
  readonly one: EphemeralStore;
  readonly other: EphemeralStore;
  /** Makes the server forget what it may forget between two calls. */
  forgetScripts(): Promise<void>;
  close(): Promise<void>;
}

async function openInProcess(clock: TestClock): Promise<Pair> {
  const store = new InProcessEphemeralStore(clock);
  return { one: store, other: store, forgetScripts: async () => undefined, close: () => store.close() };
}

async function openRedisPair(clock: TestClock): Promise<Pair> {
  const clients = [connectRedis(redisUrl ?? '', fail), connectRedis(redisUrl ?? '', fail)] as const;
  for (const client of clients) expect(await untilReady(client, 5000)).toBe(true);
  const [one, other] = [
    new RedisEphemeralStore(clients[0], clock),
    new RedisEphemeralStore(clients[1], clock),
  ];
  return {
    one,
    other,
    forgetScripts: async () => {
      await clients[0].script('FLUSH');
    },
    close: async () => {
      await Promise.all([one.close(), other.close()]);
    },
  };
}

function fail(message: string): never {
  throw new Error(message);
}

describe('InProcessEphemeralStore', () => contract(openInProcess));

const redisTitle =
  redisUrl === undefined ? 'RedisEphemeralStore (set TEST_REDIS_URL to run)' : 'RedisEphemeralStore';
describe.skipIf(redisUrl === undefined)(redisTitle, () => contract(openRedisPair));

/** The rules of the port, held by every adapter. */
function contract(open: (clock: TestClock) => Promise<Pair>): void {
  const clock = new TestClock();
  let pair: Pair;
  let store: EphemeralStore;
  let tag: string;

  beforeAll(async () => {
    pair = await open(clock);
    store = pair.one;
  });
  afterAll(() => pair.close());
  beforeEach(() => {
    tag = randomUUID();
  });

  const named = (name: string): string => `test:{${tag}}:${name}`;
  const bucket = (name: string, limit: number, windowMs = MINUTE): Bucket => ({
    key: named(name),
    limit,
    windowMs,
  });
  const takes = async (one: Bucket, times: number): Promise<void> => {
    for (let i = 0; i < times; i += 1) expect((await store.take([one])).taken).toBe(true);
  };

  it('tells what is left of buckets without taking from them', async () => {
    const bucket: Bucket = { key: `peeked:{${tag}}`, limit: 3, windowMs: MINUTE };
    expect(await store.peek([bucket])).toEqual([{ remaining: 3, resetMs: 0 }]);
    await store.take([bucket]);
    clock.advance(1_000);
    for (const view of [pair.one, pair.other]) {
      expect(await view.peek([bucket])).toEqual([{ remaining: 2, resetMs: MINUTE - 1_000 }]);
    }
    expect((await store.take([bucket])).states).toEqual([{ remaining: 1, resetMs: MINUTE - 1_000 }]);
    await store.take([bucket]);
    await store.take([bucket]);
    expect(await store.peek([bucket, { ...bucket, windowMs: 1_000 }])).toEqual([
      { remaining: 0, resetMs: MINUTE - 1_000 },
      { remaining: 0, resetMs: 1_000 },
    ]);
    clock.advance(MINUTE);
    expect(await store.peek([bucket])).toEqual([{ remaining: 3, resetMs: 0 }]);
  });

  describe('take', () => {
    it('counts down and tells when the window ends', async () => {
      const a = bucket('a', 3);
      expect(await store.take([a])).toEqual({ taken: true, states: [{ remaining: 2, resetMs: MINUTE }] });
      clock.advance(10_000);
      expect(await store.take([a])).toEqual({ taken: true, states: [{ remaining: 1, resetMs: 50_000 }] });
    });

    it('takes from all or from none and names the first empty bucket', async () => {
      const [a, b, c] = [bucket('a', 5), bucket('b', 1), bucket('c', 1)];
      await takes(a, 1);
      await store.take([b, c]);
      expect(await store.take([a, b, c])).toEqual({
        taken: false,
        exhausted: 1,
        states: [
          { remaining: 4, resetMs: MINUTE },
          { remaining: 0, resetMs: MINUTE },
          { remaining: 0, resetMs: MINUTE },
        ],
      });
      expect(await store.take([a])).toEqual({ taken: true, states: [{ remaining: 3, resetMs: MINUTE }] });
    });

    it('opens no window in a bucket that another bucket kept from being taken', async () => {
      const [a, b] = [bucket('a', 5), bucket('b', 1)];
      await takes(b, 1);
      expect((await store.take([a, b])).states[0]).toEqual({ remaining: 5, resetMs: 0 });
      clock.advance(10_000);
      expect((await store.take([a])).states[0]).toEqual({ remaining: 4, resetMs: MINUTE });
    });

    it('refuses until the window ends, and to the millisecond no longer', async () => {
      const a = bucket('a', 2);
      await takes(a, 2);
      clock.advance(MINUTE - 1);
      expect(await store.take([a])).toEqual({
        taken: false,
        exhausted: 0,
        states: [{ remaining: 0, resetMs: 1 }],
      });
      clock.advance(1);
      expect(await store.take([a])).toEqual({ taken: true, states: [{ remaining: 1, resetMs: MINUTE }] });
    });

    it('never slides a window: takes do not move its end', async () => {
      const a = bucket('a', 3);
      await takes(a, 1);
      clock.advance(MINUTE - 1);
      await takes(a, 2);
      clock.advance(1);
      await takes(a, 3);
    });

    it('lets exactly the limit pass among parallel takes of two instances', async () => {
      const a = bucket('a', 10);
      const all = await Promise.all(
        Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? pair.one : pair.other).take([a])),
      );
      expect(all.filter((each) => each.taken)).toHaveLength(10);
      const left = all.filter((each) => each.taken).map((each) => each.states[0]?.remaining);
      expect(left.sort((x, y) => Number(x) - Number(y))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    it('counts a key that is named twice twice, or not at all', async () => {
      const [a, b] = [bucket('a', 3), bucket('a', 3)];
      expect(await store.take([a, b])).toMatchObject({
        taken: true,
        states: [{ remaining: 1 }, { remaining: 1 }],
      });
      expect(await store.take([a, b])).toMatchObject({
        taken: false,
        exhausted: 1,
        states: [{ remaining: 1 }, { remaining: 1 }],
      });
      expect((await store.take([a])).taken).toBe(true);
    });

    it('lets nobody take from a bucket without a limit to give', async () => {
      expect(await store.take([bucket('a', 0)])).toEqual({
        taken: false,
        exhausted: 0,
        states: [{ remaining: 0, resetMs: MINUTE }],
      });
    });

    it('goes by a limit that was lowered meanwhile', async () => {
      await takes(bucket('a', 5), 4);
      expect(await store.take([bucket('a', 3)])).toMatchObject({ taken: false, states: [{ remaining: 0 }] });
    });

    it('takes nothing from nothing', async () => {
      expect(await store.take([])).toEqual({ taken: true, states: [] });
      await store.giveBack([]);
      await store.delete([]);
    });

    it('is not kept waiting for longer than the window by a clock that steps back', async () => {
      const a = bucket('a', 1);
      await takes(a, 1);
      clock.advance(-60 * MINUTE);
      expect((await store.take([a])).states).toEqual([{ remaining: 0, resetMs: MINUTE }]);
      clock.advance(MINUTE - 1);
      expect((await store.take([a])).states).toEqual([{ remaining: 0, resetMs: 1 }]);
      clock.advance(1);
      expect((await store.take([a])).taken).toBe(true);
    });

    it('keeps counting over a clock that steps back', async () => {
      const a = bucket('a', 2);
      await takes(a, 1);
      clock.advance(-30_000);
      expect(await store.take([a])).toEqual({ taken: true, states: [{ remaining: 0, resetMs: MINUTE }] });
      expect((await store.take([a])).taken).toBe(false);
    });

    it('refuses keys of two cluster slots as a mistake of the caller', async () => {
      const keys = [
        { key: 'test:{x}', limit: 1, windowMs: 1 },
        { key: 'test:{y}', limit: 1, windowMs: 1 },
      ];
      await expect(store.take(keys)).rejects.toThrow(TypeError);
      await expect(store.giveBack(keys)).rejects.toThrow(TypeError);
      await expect(store.delete(['{x}', '{y}'])).rejects.toThrow(TypeError);
      await expect(store.claim('{x}', '', [bucket('a', 1)])).rejects.toThrow(TypeError);
    });
  });

  describe('giveBack', () => {
    it('returns one take and moves no window', async () => {
      const a = bucket('a', 2);
      await takes(a, 2);
      clock.advance(10_000);
      await store.giveBack([a]);
      expect(await store.take([a])).toEqual({ taken: true, states: [{ remaining: 0, resetMs: 50_000 }] });
    });

    it('never fills a bucket above its limit', async () => {
      const a = bucket('a', 2);
      await store.giveBack([a]);
      await takes(a, 1);
      await store.giveBack([a]);
      await store.giveBack([a, a]);
      await takes(a, 2);
      expect((await store.take([a])).taken).toBe(false);
    });

    it('leaves an ended window ended', async () => {
      const a = bucket('a', 2);
      await takes(a, 1);
      clock.advance(MINUTE);
      await store.giveBack([a]);
      clock.advance(10_000);
      expect(await store.take([a])).toEqual({ taken: true, states: [{ remaining: 1, resetMs: MINUTE }] });
    });

    it('lets no clock that steps back make the window longer', async () => {
      const a = bucket('a', 2);
      await takes(a, 2);
      clock.advance(-60 * MINUTE);
      await store.giveBack([a]);
      clock.advance(MINUTE);
      expect(await store.take([a])).toEqual({ taken: true, states: [{ remaining: 1, resetMs: MINUTE }] });
    });
  });

  describe('put, get and delete', () => {
    it('reads back what was kept, whatever its characters', async () => {
      const value = JSON.stringify({ text: 'ñ 🔐 "quoted" \u0000\r\n', list: [1, null] });
      await store.put(named('r'), value, 'guard', MINUTE);
      expect(await pair.other.get(named('r'))).toEqual({ value, expired: false });
    });

    it('knows nothing of a key that was never kept', async () => {
      expect(await store.get(named('r'))).toBeUndefined();
    });

    it('reads a record as expired from its end on, for 15 minutes', async () => {
      await store.put(named('r'), 'v', '', MINUTE);
      clock.advance(MINUTE - 1);
      expect(await store.get(named('r'))).toEqual({ value: 'v', expired: false });
      clock.advance(1);
      expect(await store.get(named('r'))).toEqual({ value: 'v', expired: true });
      clock.advance(COLLECT_AFTER_MS - 1);
      expect(await store.get(named('r'))).toEqual({ value: 'v', expired: true });
      clock.advance(1);
      expect(await store.get(named('r'))).toBeUndefined();
      expect(await store.claim(named('r'), '', [])).toEqual({ found: false });
    });

    it('reads a record that is to be gone as open to the end, and never after it', async () => {
      await store.put(named('code'), 'mac', '', MINUTE, 'gone');
      clock.advance(MINUTE - 1);
      expect(await pair.other.get(named('code'))).toEqual({ value: 'mac', expired: false });
      clock.advance(1);
      expect((await pair.other.get(named('code')))?.expired).not.toBe(false);
    });

    it('overwrites value, guard and end', async () => {
      await store.put(named('r'), 'old', 'old guard', MINUTE);
      clock.advance(MINUTE);
      await store.put(named('r'), 'new', 'new guard', MINUTE);
      expect(await store.get(named('r'))).toEqual({ value: 'new', expired: false });
      expect(await store.claim(named('r'), 'old guard', [])).toEqual({ found: true, open: 'no' });
      expect(await store.claim(named('r'), 'new guard', [])).toMatchObject({ open: 'yes', value: 'new' });
    });

    it('forgets records and buckets, and does not mind what is not there', async () => {
      const a = bucket('a', 1);
      await store.put(named('r'), 'v', '', MINUTE);
      await takes(a, 1);
      await store.delete([named('r'), a.key, named('absent')]);
      expect(await store.get(named('r'))).toBeUndefined();
      expect((await store.take([a])).taken).toBe(true);
    });
  });

  describe('claim', () => {
    const claimed = { found: true, open: 'yes', value: 'v' };

    it('finds no record, and takes nothing, where there is none', async () => {
      const a = bucket('a', 1);
      expect(await store.claim(named('r'), 'g', [a])).toEqual({ found: false });
      expect((await store.take([a])).taken).toBe(true);
    });

    it('shows nothing and takes nothing where the guard is another', async () => {
      const a = bucket('a', 1);
      await store.put(named('r'), 'v', 'g', MINUTE);
      for (const guard of ['', 'G', 'g ', 'h']) {
        expect(await store.claim(named('r'), guard, [a])).toEqual({ found: true, open: 'no' });
      }
      await store.put(named('free'), 'v', '', MINUTE);
      expect(await store.claim(named('free'), 'g', [a])).toEqual({ found: true, open: 'no' });
      expect((await store.take([a])).taken).toBe(true);
    });

    it('tells an expired record to the guard alone and takes nothing', async () => {
      const a = bucket('a', 1);
      await store.put(named('r'), 'v', 'g', MINUTE);
      clock.advance(MINUTE);
      expect(await store.claim(named('r'), 'g', [a])).toEqual({ found: true, open: 'expired', value: 'v' });
      expect(await store.claim(named('r'), 'x', [a])).toEqual({ found: true, open: 'no' });
      expect((await store.take([a])).taken).toBe(true);
    });

    it('takes from the buckets as take does', async () => {
      const [a, b] = [bucket('a', 3), bucket('b', 1)];
      await store.put(named('r'), 'v', 'g', MINUTE);
      const [first, second] = [2, 0].map((remaining) => ({ remaining, resetMs: MINUTE }));
      expect(await store.claim(named('r'), 'g', [a, b])).toEqual({
        ...claimed,
        claim: { taken: true, states: [first, second] },
      });
      expect(await store.claim(named('r'), 'g', [a, b])).toEqual({
        ...claimed,
        claim: { taken: false, exhausted: 1, states: [first, second] },
      });
      expect(await store.claim(named('r'), 'g', [])).toEqual({
        ...claimed,
        claim: { taken: true, states: [] },
      });
    });

    it('grants exactly the tries there are among parallel claims of two instances', async () => {
      const [tries, budget] = [bucket('tries', 5), bucket('budget', 50)];
      await store.put(named('r'), 'v', 'g', MINUTE);
      const all = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          (i % 2 === 0 ? pair.one : pair.other).claim(named('r'), 'g', [tries, budget]),
        ),
      );
      expect(all.filter((each) => each.found && each.open === 'yes' && each.claim.taken)).toHaveLength(5);
      expect((await store.take([budget])).states[0]?.remaining).toBe(44);
    });
  });

  it('answers every verb after its server forgot the scripts', async () => {
    const a = bucket('a', 2);
    await takes(a, 1);
    await pair.forgetScripts();
    const both = await Promise.all([store.take([a]), store.take([a])]);
    expect(both.filter((each) => each.taken)).toHaveLength(1);
    await pair.forgetScripts();
    await store.put(named('r'), 'v', '', MINUTE);
    await pair.forgetScripts();
    expect(await store.claim(named('r'), '', [])).toMatchObject({ open: 'yes' });
    await pair.forgetScripts();
    await store.giveBack([a]);
    await takes(a, 1);
  });

  it('answers a ping', async () => {
    await expect(store.ping()).resolves.toBeUndefined();
  });
}

describe('EphemeralStoreUnavailable', () => {
  it.skipIf(redisUrl === undefined)('carries its cause, without what the command carried', async () => {
    const client = connectRedis(redisUrl ?? '', fail);
    await untilReady(client, 5000);
    const store = new RedisEphemeralStore(client, new TestClock());
    const key = `test:{${randomUUID()}}`;
    await store.put(key, 'v', '', MINUTE);
    const error: unknown = await store
      .take([{ key, limit: 1, windowMs: 1 }])
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EphemeralStoreUnavailable);
    expect(error).toMatchObject({ cause: { message: expect.stringContaining('WRONGTYPE') as string } });
    expect(error).not.toHaveProperty('cause.command');
    await store.delete([key]);
    await store.close();
    await expect(store.ping()).rejects.toBeInstanceOf(EphemeralStoreUnavailable);
  });
});
