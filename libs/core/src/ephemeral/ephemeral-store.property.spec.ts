import { randomUUID } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TestClock } from '../clock/test-clock.js';
import { type Bucket, type EphemeralStore } from './ephemeral-store.js';
import { InProcessEphemeralStore } from './in-process.store.js';
import { connectRedis, untilReady } from './redis.connection.js';
import { RedisEphemeralStore } from './redis.store.js';

const redisUrl = process.env['TEST_REDIS_URL'];

/** One thing to do to a store, or to the clock. */
type Step =
  | { readonly verb: 'advance'; readonly ms: number }
  | { readonly verb: 'take' | 'giveBack'; readonly buckets: readonly Bucket[] }
  | {
      readonly verb: 'put';
      readonly key: string;
      readonly value: string;
      readonly guard: string;
      readonly ttl: number;
    }
  | { readonly verb: 'get'; readonly key: string }
  | {
      readonly verb: 'claim';
      readonly key: string;
      readonly guard: string;
      readonly buckets: readonly Bucket[];
    }
  | { readonly verb: 'delete'; readonly keys: readonly string[] };

const recordKey = fc.constantFrom('r1', 'r2');
const bucketKey = fc.constantFrom('b1', 'b2', 'b3');
const guard = fc.constantFrom('', 'g', 'h');
const buckets = fc.array(
  fc.record({
    key: bucketKey,
    limit: fc.integer({ min: 0, max: 3 }),
    windowMs: fc.constantFrom(500, 1000, 2000),
  }),
  { maxLength: 4 },
);
// Far from the 15 minutes after which a server collects by its own clock, which a test cannot move.
const ms = fc.constantFrom(-1000, -1, 1, 250, 499, 500, 1000, 2000);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ verb: fc.constant('advance' as const), ms }),
  fc.record({ verb: fc.constantFrom('take' as const, 'giveBack' as const), buckets }),
  fc.record({
    verb: fc.constant('put' as const),
    key: recordKey,
    value: fc.string({ unit: 'grapheme' }),
    guard,
    ttl: fc.constantFrom(0, 500, 1000),
  }),
  fc.record({ verb: fc.constant('get' as const), key: recordKey }),
  fc.record({ verb: fc.constant('claim' as const), key: recordKey, guard, buckets }),
  fc.record({
    verb: fc.constant('delete' as const),
    keys: fc.array(fc.oneof(recordKey, bucketKey), { maxLength: 2 }),
  }),
);

async function run(store: EphemeralStore, taken: Step, tag: string): Promise<unknown> {
  const named = (name: string): string => `test:{${tag}}:${name}`;
  const all = (list: readonly Bucket[]): Bucket[] => list.map((each) => ({ ...each, key: named(each.key) }));
  switch (taken.verb) {
    case 'advance':
      return undefined;
    case 'take':
      return store.take(all(taken.buckets));
    case 'giveBack':
      return store.giveBack(all(taken.buckets));
    case 'put':
      return store.put(named(taken.key), taken.value, taken.guard, taken.ttl);
    case 'get':
      return store.get(named(taken.key));
    case 'claim':
      return store.claim(named(taken.key), taken.guard, all(taken.buckets));
    case 'delete':
      return store.delete(taken.keys.map(named));
  }
}

describe('the two adapters (the property needs TEST_REDIS_URL)', () => {
  it.skipIf(redisUrl === undefined)('give the same answers to the same commands', async () => {
    const clock = new TestClock();
    const client = connectRedis(redisUrl ?? '', () => undefined);
    expect(await untilReady(client, 5000)).toBe(true);
    const redis = new RedisEphemeralStore(client, clock);
    const inProcess = new InProcessEphemeralStore(clock);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const tag = randomUUID();
        for (const each of steps) {
          if (each.verb === 'advance') clock.advance(each.ms);
          expect(await run(redis, each, tag)).toEqual(await run(inProcess, each, tag));
        }
      }),
      { numRuns: 300 },
    );
    await redis.close();
  });
});
