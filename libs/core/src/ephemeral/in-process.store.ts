import { type Clock } from '../clock/clock.js';
import {
  type Afterwards,
  type Bucket,
  type BucketState,
  type Claim,
  EphemeralStore,
  type Taken,
} from './ephemeral-store.js';
import { ExpiringMap } from './expiring-map.js';
import { assertOneSlot } from './slot.js';

/** A fixed window: how many were taken in it, and when it ends. */
interface Window {
  readonly count: number;
  readonly endsAt: number;
}

interface Stored {
  readonly value: string;
  readonly guard: string;
  readonly endsAt: number;
  /** Where it is not to be kept for the usual time. */
  readonly collectAt?: number;
}

/** A bucket's window while one call works on it; two buckets of one call may share it. */
interface Draft {
  count: number;
  endsAt: number;
  taken: number;
  /** Nothing was counted before this call. */
  fresh: boolean;
  /** The stored end was further away than the window is long. */
  cut: boolean;
}

/**
 * The ephemeral store of one process that runs alone. Each verb works without a pause between its first look and
 * its last write, so that it is atomic; nothing survives the process.
 */
export class InProcessEphemeralStore extends EphemeralStore {
  private readonly windows = new ExpiringMap<Window>();
  private readonly records = new ExpiringMap<Stored>();

  /** @param clock what expiry is compared with */
  constructor(private readonly clock: Clock) {
    super();
  }

  /** Records and windows that are held in memory, those that wait to be collected included. */
  get size(): number {
    return this.windows.size + this.records.size;
  }

  override async take(buckets: readonly Bucket[]): Promise<Taken> {
    assertOneSlot(buckets.map((bucket) => bucket.key));
    return this.takeNow(buckets, this.now());
  }

  override async peek(buckets: readonly Bucket[]): Promise<readonly BucketState[]> {
    assertOneSlot(buckets.map((bucket) => bucket.key));
    const now = this.now();
    const drafts = new Map<string, Draft>();
    return buckets.map((bucket) => stateOf(bucket, this.draft(bucket, drafts, now), now));
  }

  override async giveBack(buckets: readonly Bucket[]): Promise<void> {
    assertOneSlot(buckets.map((bucket) => bucket.key));
    const now = this.now();
    for (const { key, windowMs } of buckets) {
      const window = this.windows.get(key, now);
      if (window === undefined || window.endsAt <= now || window.count === 0) continue;
      const endsAt = Math.min(window.endsAt, now + windowMs);
      this.windows.set(key, { count: window.count - 1, endsAt }, now);
    }
  }

  override async put(
    key: string,
    value: string,
    guard: string,
    ttlMs: number,
    afterwards: Afterwards = 'readable',
  ): Promise<void> {
    const now = this.now();
    const endsAt = now + ttlMs;
    this.records.set(
      key,
      afterwards === 'gone' ? { value, guard, endsAt, collectAt: endsAt } : { value, guard, endsAt },
      now,
    );
  }

  override async get(
    key: string,
  ): Promise<{ readonly value: string; readonly expired: boolean } | undefined> {
    const now = this.now();
    const record = this.records.get(key, now);
    return record === undefined ? undefined : { value: record.value, expired: record.endsAt <= now };
  }

  override async claim(key: string, guard: string, buckets: readonly Bucket[]): Promise<Claim> {
    assertOneSlot([key, ...buckets.map((bucket) => bucket.key)]);
    const now = this.now();
    const record = this.records.get(key, now);
    if (record === undefined) return { found: false };
    if (record.guard !== guard) return { found: true, open: 'no' };
    if (record.endsAt <= now) return { found: true, open: 'expired', value: record.value };
    return { found: true, open: 'yes', value: record.value, claim: this.takeNow(buckets, now) };
  }

  override async delete(keys: readonly string[]): Promise<void> {
    assertOneSlot(keys);
    for (const key of keys) {
      this.windows.delete(key);
      this.records.delete(key);
    }
  }

  override async ping(): Promise<void> {
    // A store in this very process always answers.
  }

  override async close(): Promise<void> {
    // Nothing is held but memory.
  }

  private now(): number {
    return this.clock.now().getTime();
  }

  private takeNow(buckets: readonly Bucket[], now: number): Taken {
    const drafts = new Map<string, Draft>();
    const looked = buckets.map((bucket) => ({ bucket, draft: this.draft(bucket, drafts, now) }));
    const exhausted = looked.findIndex(({ bucket, draft }) => {
      draft.taken += 1;
      return draft.count + draft.taken > bucket.limit;
    });
    const taken = exhausted < 0;
    for (const [key, draft] of drafts) {
      if (!taken) draft.taken = 0;
      // A window that was cut to its length is kept so, else each refusal would find it as long as before.
      if (!taken && (draft.fresh || !draft.cut)) continue;
      this.windows.set(key, { count: draft.count + draft.taken, endsAt: draft.endsAt }, now);
    }
    const states = looked.map(({ bucket, draft }) => stateOf(bucket, draft, now));
    return taken ? { taken, states } : { taken, exhausted, states };
  }

  /** Looks a bucket up, once per call and key, and cuts its window to the length that it may have. */
  private draft(bucket: Bucket, drafts: Map<string, Draft>, now: number): Draft {
    const draft = drafts.get(bucket.key) ?? openDraft(this.windows.get(bucket.key, now));
    drafts.set(bucket.key, draft);
    if (draft.endsAt <= now) {
      draft.count = 0;
      draft.endsAt = now + bucket.windowMs;
      draft.fresh = true;
    } else if (draft.endsAt - now > bucket.windowMs) {
      draft.endsAt = now + bucket.windowMs;
      draft.cut = true;
    }
    return draft;
  }
}

function openDraft(window: Window = { count: 0, endsAt: 0 }): Draft {
  return { count: window.count, endsAt: window.endsAt, taken: 0, fresh: false, cut: false };
}

function stateOf(bucket: Bucket, draft: Draft, now: number): BucketState {
  const remaining = Math.max(0, bucket.limit - draft.count - draft.taken);
  // Untouched and full: there is nothing to wait for, unless the bucket never lets anyone take.
  const untouched = draft.fresh && draft.taken === 0 && bucket.limit > 0;
  return { remaining, resetMs: untouched ? 0 : draft.endsAt - now };
}
