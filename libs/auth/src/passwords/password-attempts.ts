import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type Bucket, type BucketState, EphemeralStore } from '@countersign/core';
import { canonicalEmail } from '@countersign/directory';
import { hash } from 'node:crypto';
import type { AuthConfig } from '../auth.config.js';
import { Acquaintance } from './acquaintance.js';
import type { PasswordAttempt } from './password-attempt.js';

/** A try that may go on, or how long to wait. `giveBack` returns what a right password should not have cost. */
export type ClaimedPassword =
  | { readonly claimed: true; giveBack(): Promise<void> }
  | { readonly claimed: false; readonly budget: BucketState };

// Past the account's budget only its own people go on, each counted by themselves.
const FAMILIAR = { limit: 10, windowMs: 15 * 60_000 };

/**
 * The account's budget of wrong passwords. A try is claimed before the password is looked at and given back when it
 * was right. A stranger who uses the budget up does not lock out a trusted device or a familiar address.
 */
@Injectable()
export class PasswordAttempts {
  constructor(
    private readonly store: EphemeralStore,
    private readonly acquaintance: Acquaintance,
    @Inject(getConfigToken('auth')) private readonly config: AuthConfig,
  ) {}

  async claim(attempt: PasswordAttempt): Promise<ClaimedPassword> {
    const limit = this.config.passwordFailures;
    if (limit === 'off') return { claimed: true, giveBack: async () => undefined };
    const bucket = { key: key('password', attempt, ''), ...limit };
    const taken = await this.#take(bucket);
    if (taken.claimed) return taken;
    const familiar = await this.acquaintance.of(attempt);
    return familiar === undefined
      ? taken
      : this.#take({ key: key('familiar', attempt, familiar), ...FAMILIAR });
  }

  async #take(bucket: Bucket): Promise<ClaimedPassword> {
    const { taken, states } = await this.store.take([bucket]);
    const [budget = { remaining: 0, resetMs: bucket.windowMs }] = states;
    return taken
      ? { claimed: true, giveBack: () => this.store.giveBack([bucket]) }
      : { claimed: false, budget };
  }
}

// One count for all spellings of an address. It is hashed: it may be of any length, and Redis need not know it.
function key(kind: string, { applicationId, email }: PasswordAttempt, who: string): string {
  const name = hash('sha256', canonicalEmail(email), 'base64url');
  return `${kind}:{${applicationId}}:${name}${who === '' ? '' : `:${who}`}`;
}
