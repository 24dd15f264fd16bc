import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Clock, Database, digestsEqual, type RateLimit, ShortMemory } from '@countersign/core';
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
   * @param text the key as it was sent
   * @returns the key, or `undefined` for one that is mistyped, unknown, revoked, expired or rotated away
   */
  async authenticate(text: string): Promise<ApiKey | undefined> {
    const prefix = text.slice(0, PREFIX_LENGTH);
    const known = this.#ids.get(prefix);
    const id = known ?? parseKey(text);
    if (id === undefined) return undefined;
    const key = await this.#memory.recall(id, () => this.store.check(this.database.direct, id));
    const now = this.clock.now();
    if (key === undefined || !opens(key, keyDigest(text), now)) return undefined;
    if (known === undefined) this.#know(prefix, id);
    this.uses.note(key.id, now);
    return key;
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
  if (key.expiresAt !== null && key.expiresAt <= now) return false;
  if (digestsEqual(key.digest, digest)) return true;
  const { previousDigest, previousUntil } = key;
  if (previousDigest === null || previousUntil === null || previousUntil <= now) return false;
  return digestsEqual(previousDigest, digest);
}
