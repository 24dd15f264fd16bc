/** A counter that allows `limit` takes per `windowMs`, from its first take on. */
export interface Bucket {
  /** The whole key, with the part that decides the cluster slot in braces: `verify:{app}:user`. */
  readonly key: string;
  readonly limit: number;
  readonly windowMs: number;
}

/** What is left of a bucket. */
export interface BucketState {
  /** Takes that are left in this window. */
  readonly remaining: number;
  /** Milliseconds until the window ends and the bucket is full again; 0 where it is full and no window is open. */
  readonly resetMs: number;
}

/** The outcome of taking one from each of several buckets: all or none. `states` is in the order asked. */
export type Taken =
  | { readonly taken: true; readonly states: readonly BucketState[] }
  /** `exhausted` is the index of the first bucket that is empty; no bucket was changed. */
  | { readonly taken: false; readonly exhausted: number; readonly states: readonly BucketState[] };

/** The outcome of claiming an attempt on a record. */
export type Claim =
  /** No such record, or it was collected. */
  | { readonly found: false }
  /** The record is there but the guard presented is not its own; nothing was changed. */
  | { readonly found: true; readonly open: 'no' }
  /** The record's time is over; nothing was changed. */
  | { readonly found: true; readonly open: 'expired'; readonly value: string }
  | { readonly found: true; readonly open: 'yes'; readonly value: string; readonly claim: Taken };

/** What becomes of a record whose time is over: `readable` is what a challenge needs, `gone` a code. */
export type Afterwards = 'readable' | 'gone';

/** Raised when the store does not answer within its time limit or refuses. Callers fail closed or go on unlimited. */
export class EphemeralStoreUnavailable extends Error {
  override readonly name = 'EphemeralStoreUnavailable';
}

/**
 * What may be forgotten without harm: challenges, budgets, rate limits. Every verb is one round trip and atomic
 * across instances. Expiry is a stored time compared with the clock port; the store's own TTL only collects,
 * 15 minutes later. All keys of one call must share one cluster slot (the same text in braces); a call that mixes slots
 * is a mistake of the code and rejects with a `TypeError` on every adapter. Records and buckets never share a key.
 *
 * Every verb rejects with `EphemeralStoreUnavailable` when the store cannot answer. Whether it did its work is then
 * unknown: nothing is repeated.
 */
export abstract class EphemeralStore {
  /**
   * Takes one from every bucket, or from none where one of them is empty. A key that is named twice counts twice.
   * A window never lasts longer than `windowMs` of the bucket asked with, also where the clock stepped back.
   */
  abstract take(buckets: readonly Bucket[]): Promise<Taken>;

  /** What is left of buckets, without taking from them. */
  abstract peek(buckets: readonly Bucket[]): Promise<readonly BucketState[]>;

  /** Gives one take back to each bucket that still counts; an ended window stays ended. */
  abstract giveBack(buckets: readonly Bucket[]): Promise<void>;

  /**
   * Keeps a record.
   * @param guard what `claim` must present (a token's digest); the empty string where there is none to
   * present: `claim` then presents the empty string too
   * @param ttlMs how long the record is open
   * @param afterwards whether it can still be read as expired for 15 minutes, or is collected at its end
   */
  abstract put(
    key: string,
    value: string,
    guard: string,
    ttlMs: number,
    afterwards?: Afterwards,
  ): Promise<void>;

  /** Reads a record, also one whose time is over, until it is collected. */
  abstract get(key: string): Promise<{ readonly value: string; readonly expired: boolean } | undefined>;

  /**
   * Claims one attempt on a record: checks that it exists, that the guard is its own and that it is open, then takes
   * from the buckets as `take` does. One atomic step (security.md, rule 2).
   */
  abstract claim(key: string, guard: string, buckets: readonly Bucket[]): Promise<Claim>;

  /** Forgets records or buckets. */
  abstract delete(keys: readonly string[]): Promise<void>;

  /** Answers when the store does. */
  abstract ping(): Promise<void>;

  /** Lets go of connections and timers. */
  abstract close(): Promise<void>;
}
