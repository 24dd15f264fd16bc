import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { Cluster, type Redis, type Result } from 'ioredis';

import { type Clock } from '../clock/clock.js';
import { COLLECT_AFTER_MS } from './collection.js';
import {
  type Afterwards,
  type Bucket,
  type BucketState,
  type Claim,
  EphemeralStore,
  EphemeralStoreUnavailable,
  type Taken,
} from './ephemeral-store.js';
import { CLAIM_SCRIPT, GIVE_BACK_SCRIPT, PEEK_SCRIPT, PUT_SCRIPT, TAKE_SCRIPT } from './redis.scripts.js';
import { assertOneSlot } from './slot.js';

/** How long the client may take to say goodbye; to a dead node of a cluster it never would. */
const LEAVE_TAKING_MS = 1_000;

type Argument = string | number;

/** What the claim script answers; from the third place on, an `open` reply reads like a take's. */
type ClaimReply =
  | readonly ['absent']
  | readonly ['foreign']
  | readonly ['expired', string]
  | readonly ['open', string, ...number[]];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    ephemeralTake(keyCount: number, ...keysThenArguments: Argument[]): Result<readonly number[], Context>;
    ephemeralPeek(keyCount: number, ...keysThenArguments: Argument[]): Result<readonly number[], Context>;
    ephemeralClaim(keyCount: number, ...keysThenArguments: Argument[]): Result<ClaimReply, Context>;
    ephemeralGiveBack(keyCount: number, ...keysThenArguments: Argument[]): Result<number, Context>;
    ephemeralPut(keyCount: number, ...keysThenArguments: Argument[]): Result<number, Context>;
  }
}

/** The ephemeral store of several instances: Redis or Redis Cluster, one round trip per verb. */
export class RedisEphemeralStore extends EphemeralStore {
  /**
   * @param redis a client of `connectRedis`, which bounds how long a verb waits; `close` closes it
   * @param clock what expiry is compared with
   */
  constructor(
    private readonly redis: Redis | Cluster,
    private readonly clock: Clock,
  ) {
    super();
    redis.defineCommand('ephemeralTake', { lua: TAKE_SCRIPT });
    redis.defineCommand('ephemeralPeek', { lua: PEEK_SCRIPT });
    redis.defineCommand('ephemeralClaim', { lua: CLAIM_SCRIPT });
    redis.defineCommand('ephemeralGiveBack', { lua: GIVE_BACK_SCRIPT });
    redis.defineCommand('ephemeralPut', { lua: PUT_SCRIPT });
  }

  override async take(buckets: readonly Bucket[]): Promise<Taken> {
    if (buckets.length === 0) return { taken: true, states: [] };
    const keys = keysOf(buckets);
    assertOneSlot(keys);
    this.gather();
    const reply = await answered(
      this.redis.ephemeralTake(keys.length, ...keys, this.now(), ...limitsOf(buckets)),
    );
    return takenFrom(reply);
  }

  override async peek(buckets: readonly Bucket[]): Promise<readonly BucketState[]> {
    if (buckets.length === 0) return [];
    const keys = keysOf(buckets);
    assertOneSlot(keys);
    const reply = await answered(
      this.redis.ephemeralPeek(keys.length, ...keys, this.now(), ...limitsOf(buckets)),
    );
    return takenFrom(reply).states;
  }

  override async giveBack(buckets: readonly Bucket[]): Promise<void> {
    if (buckets.length === 0) return;
    const keys = keysOf(buckets);
    assertOneSlot(keys);
    const windows = buckets.map((bucket) => bucket.windowMs);
    await answered(this.redis.ephemeralGiveBack(keys.length, ...keys, this.now(), ...windows));
  }

  override async put(
    key: string,
    value: string,
    guard: string,
    ttlMs: number,
    afterwards: Afterwards = 'readable',
  ): Promise<void> {
    const endsAt = this.now() + ttlMs;
    const collectedAfter = ttlMs + (afterwards === 'gone' ? 0 : COLLECT_AFTER_MS);
    await answered(this.redis.ephemeralPut(1, key, value, guard, endsAt, collectedAfter));
  }

  override async get(
    key: string,
  ): Promise<{ readonly value: string; readonly expired: boolean } | undefined> {
    const [value, ends] = await answered(this.redis.hmget(key, 'v', 'e'));
    if (typeof value !== 'string') return undefined;
    const sinceEnd = this.now() - Number(ends);
    return sinceEnd >= COLLECT_AFTER_MS ? undefined : { value, expired: sinceEnd >= 0 };
  }

  override async claim(key: string, guard: string, buckets: readonly Bucket[]): Promise<Claim> {
    const keys = [key, ...keysOf(buckets)];
    assertOneSlot(keys);
    this.gather();
    const reply = await answered(
      this.redis.ephemeralClaim(keys.length, ...keys, this.now(), guard, ...limitsOf(buckets)),
    );
    switch (reply[0]) {
      case 'absent':
        return { found: false };
      case 'foreign':
        return { found: true, open: 'no' };
      case 'expired':
        return { found: true, open: 'expired', value: reply[1] };
      case 'open': {
        const [, value, ...take] = reply;
        return { found: true, open: 'yes', value, claim: takenFrom(take) };
      }
    }
  }

  override async delete(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    assertOneSlot(keys);
    await answered(this.redis.del(...keys));
  }

  override async ping(): Promise<void> {
    await answered<unknown>(this.redis instanceof Cluster ? pingEveryNode(this.redis) : this.redis.ping());
  }

  override async close(): Promise<void> {
    const quit = this.redis.quit().catch(() => undefined);
    await Promise.race([quit, delay(LEAVE_TAKING_MS, undefined, { ref: false })]);
    // Where nobody was there to take leave of, it would reconnect for ever.
    this.redis.disconnect();
  }

  // What requests ask in one turn of the event loop goes out in one write: a call of the kernel costs more than a command.
  private gather(): void {
    if (this.redis instanceof Cluster) return;
    // Until it has connected once, there is none.
    const stream: Socket | undefined = this.redis.stream;
    if (stream === undefined || stream.writableCorked > 0) return;
    stream.cork();
    setImmediate(() => stream.uncork());
  }

  private now(): number {
    return this.clock.now().getTime();
  }
}

/**
 * A cluster is there when all of its slots are: each primary answers, and knows of nobody who keeps a slot from it.
 * Asked for one ping, ioredis would send it to a node of its choice.
 */
async function pingEveryNode(cluster: Cluster): Promise<void> {
  const states = await Promise.all(cluster.nodes('master').map((node) => node.cluster('INFO')));
  if (states.length === 0) throw new Error('No node of the cluster is known');
  if (!states.every((state) => String(state).includes('cluster_state:ok'))) {
    throw new Error('A part of the cluster is away');
  }
}

function keysOf(buckets: readonly Bucket[]): string[] {
  return buckets.map((bucket) => bucket.key);
}

function limitsOf(buckets: readonly Bucket[]): number[] {
  return buckets.flatMap((bucket) => [bucket.limit, bucket.windowMs]);
}

function takenFrom([place = 1, ...numbers]: readonly number[]): Taken {
  const states: BucketState[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    states.push({ remaining: numbers[at] ?? 0, resetMs: numbers[at + 1] ?? 0 });
  }
  return place === 0 ? { taken: true, states } : { taken: false, exhausted: place - 1, states };
}

/** Awaits a reply; whatever kept it away becomes the one error of the port. */
async function answered<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (cause) {
    // ioredis hangs the command's arguments on its errors: records and guards, which a log must not see.
    if (cause instanceof Error) Reflect.deleteProperty(cause, 'command');
    throw new EphemeralStoreUnavailable('The ephemeral store did not answer', { cause });
  }
}
