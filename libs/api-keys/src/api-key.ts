import type { Secret } from '@countersign/core';
import type { Scope } from './scopes.js';

/** So many requests in so many seconds. */
export interface KeyRateLimit {
  readonly limit: number;
  readonly windowSeconds: number;
}

/** An API key as administrators see it. Its id is a UUID. */
export interface ApiKey {
  readonly id: string;
  readonly applicationId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** `null` leaves it to the deployment. */
  readonly rateLimit: KeyRateLimit | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** A key with its text, which is shown this once. */
export interface ShownApiKey {
  readonly apiKey: ApiKey;
  readonly key: Secret;
}

/** What a key's holder is compared with. */
export interface KeyCheck extends ApiKey {
  /** SHA-256, 32 bytes. */
  readonly digest: Buffer;
  readonly previousDigest: Buffer | null;
  readonly previousUntil: Date | null;
}
