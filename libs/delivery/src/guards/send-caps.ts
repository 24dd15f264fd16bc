import { Injectable } from '@nestjs/common';
import { EphemeralStore } from '@countersign/core';
import type { SendCap } from '../codes/code-delivery.js';
import { type CapBucket, type CapClaim, CapBuckets } from './cap-buckets.js';

const HOUR_MS = 60 * 60_000;

/** A message that was counted, or the cap that stopped it. */
export type CapOutcome =
  { readonly taken: true } | { readonly taken: false; readonly cap: SendCap; readonly retryAfterMs: number };

/**
 * Counts messages where abuse would show: by recipient, by application and day, SMS by country and hour as well. What
 * is counted is given back when the message does not go out.
 */
@Injectable()
export class SendCaps {
  constructor(
    private readonly store: EphemeralStore,
    private readonly buckets: CapBuckets,
  ) {}

  /**
   * Takes a message from every cap that it counts in, or from none.
   * @throws EphemeralStoreUnavailable where nothing can be counted: nothing is sent then
   */
  async take(claim: CapClaim): Promise<CapOutcome> {
    const taken: (readonly CapBucket[])[] = [];
    for (const group of this.#groups(claim)) {
      const outcome = await this.store.take(group);
      if (!outcome.taken) {
        for (const earlier of taken) await this.store.giveBack(earlier);
        return {
          taken: false,
          cap: group[outcome.exhausted]?.cap ?? 'application_limit',
          retryAfterMs: outcome.states[outcome.exhausted]?.resetMs ?? HOUR_MS,
        };
      }
      taken.push(group);
    }
    return { taken: true };
  }

  /** Takes back what was counted for a message that did not go out. */
  async giveBack(claim: CapClaim): Promise<void> {
    for (const group of this.#groups(claim)) await this.store.giveBack(group);
  }

  #groups(claim: CapClaim): (readonly CapBucket[])[] {
    return this.buckets.of(claim).filter((group) => group.length > 0);
  }
}
