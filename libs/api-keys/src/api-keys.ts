import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import {
  type BoundedLookup,
  Clock,
  Database,
  digestsEqual,
  type RateLimit,
  ShortMemory,
} from '@countersign/core';
import type { ApiKeysConfig } from './api-keys.config.js';
import type { ApiKey, KeyCheck, KeyRateLimit } from './api-key.js';
import { ApiKeyStore } from './api-key.store.js';
import { KeyUses } from './key-uses.js';
import { keyDigest, parseKey, PREFIX_LENGTH } from './key-text.js';

// A revoked key is refused everywhere within five seconds of its revocation: this, and the time of a lookup.
const REMEMBERED_MS = 4_000;
const MOST_REMEMBERED = 10_000;

/** Tells whose key a request carries: normally from memory, without a round trip. */
@Injectable()
export class ApiKeys {
  readonly #memory: ShortMemory<KeyCheck>;
  /** UUIDs of keys that have opened, by what of their text is public: to read and check the whole of it costs more. */
  readonly #ids = new Map<string, string>();
  /** Keys that are looked up now, by their digest: many requests with one new key ask once. */
  readonly #lookingUp = new Map<string, Promise<KeyCheck | undefined>>();

  constructor(
    private readonly store: ApiKeyStore,
    private readonly uses: KeyUses,
    private readonly database: Database,
    private readonly clock: Clock,
    @Inject(getConfigToken('api-keys')) private readonly config: ApiKeysConfig,
  ) {
    this.#memory = new ShortMemory(clock, REMEMBERED_MS, MOST_REMEMBERED);
  }

  /**
   * What was looked up for the holder of a key counts for some seconds. What does not fit is looked up again, so that a
   * key that was rotated elsewhere works everywhere from its first request on.
   *
   * @param text the key as it was sent
   * @param bounded looks up what a stranger may have made up; it may throw
   * @returns the key, or `undefined` for one that is mistyped, unknown, revoked, expired or rotated away
   */
  async authenticate(text: string, bounded: BoundedLookup): Promise<ApiKey | undefined> {
    const prefix = text.slice(0, PREFIX_LENGTH);
    const known = this.#ids.get(prefix);
    const id = known ?? parseKey(text);
    if (id === undefined) return undefined;
    const key = await this.#find(id, keyDigest(text), bounded);
    if (key === undefined) return undefined;
    if (known === undefined) this.#know(prefix, id);
    this.uses.note(key.id, this.clock.now());
    return key;
  }

  async #find(id: string, digest: Buffer, bounded: BoundedLookup): Promise<KeyCheck | undefined> {
    const last = this.#memory.last(id);
    if (last?.fresh === true) {
      // An id that is not there is nobody's: none is given out twice.
      if (last.value === undefined) return undefined;
      if (opens(last.value, digest, this.clock.now())) return last.value;
    } else if (last?.value !== undefined && fits(last.value, digest, this.clock.now())) {
      // Who held the key a moment ago is no stranger.
      const key = await this.#memory.recall(id, () => this.#check(id));
      return key !== undefined && opens(key, digest, this.clock.now()) ? key : undefined;
    }
    return this.#lookUp(id, digest, bounded);
  }

  // Never joins a lookup that began before this request: it may not have seen a rotation that this key comes from.
  #lookUp(id: string, digest: Buffer, bounded: BoundedLookup): Promise<KeyCheck | undefined> {
    const name = digest.toString('base64');
    const underWay = this.#lookingUp.get(name);
    if (underWay !== undefined) return underWay;
    const lookingUp = bounded(async () => {
      const key = await this.#lookAgain(id);
      return key !== undefined && opens(key, digest, this.clock.now()) ? key : undefined;
    }).finally(() => this.#lookingUp.delete(name));
    this.#lookingUp.set(name, lookingUp);
    return lookingUp;
  }

  /** The key as it is now, whatever is remembered; `undefined` where it was revoked or has expired. */
  async lookAgain(id: string): Promise<ApiKey | undefined> {
    const key = await this.#lookAgain(id);
    return key === undefined || hasExpired(key, this.clock.now()) ? undefined : key;
  }

  #lookAgain(id: string): Promise<KeyCheck | undefined> {
    return this.#memory.renew(id, () => this.#check(id));
  }

  #check(id: string): Promise<KeyCheck | undefined> {
    return this.store.check(this.database.direct, id);
  }

  #know(prefix: string, id: string): void {
    if (this.#ids.size >= MOST_REMEMBERED) this.#ids.clear();
    this.#ids.set(prefix, id);
  }

  /** Lets a change made by this process count in it at once. */
  forget(id: string): void {
    this.#memory.forget(id);
  }

  /** The limit that a key is under. */
  limitOf({ rateLimit }: Pick<ApiKey, 'rateLimit'>): RateLimit | 'off' {
    return rateLimit === null
      ? this.config.limit
      : { limit: rateLimit.limit, windowMs: rateLimit.windowSeconds * 1_000 };
  }

  /** The same as administrators see it; `null` where keys are not limited. */
  shownLimitOf(key: Pick<ApiKey, 'rateLimit'>): KeyRateLimit | null {
    const limit = this.limitOf(key);
    return limit === 'off' ? null : { limit: limit.limit, windowSeconds: Math.round(limit.windowMs / 1_000) };
  }
}

function opens(key: KeyCheck, digest: Buffer, now: Date): boolean {
  return !hasExpired(key, now) && fits(key, digest, now);
}

function hasExpired({ expiresAt }: KeyCheck, now: Date): boolean {
  return expiresAt !== null && expiresAt <= now;
}

function fits(key: KeyCheck, digest: Buffer, now: Date): boolean {
  if (digestsEqual(key.digest, digest)) return true;
  const { previousDigest, previousUntil } = key;
  if (previousDigest === null || previousUntil === null || previousUntil <= now) return false;
  return digestsEqual(previousDigest, digest);
}
