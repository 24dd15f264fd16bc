import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type Bucket, type BucketState, EphemeralStore, type RateLimit } from '@countersign/core';
import type { FactorsConfig } from '../factors.config.js';

/** Seconds between two sends of one challenge or enrolment. */
export const RESEND_AFTER_SECONDS = 60;

/** Whose send it is. UUIDs. */
export interface SendOf {
  readonly applicationId: string;
  readonly userId: string;
  /** The challenge's id, or the factor's at enrolment. */
  readonly nonceOf: string;
}

/** Which limit stopped a send, with its measure for the caller. */
export interface SendLimit extends RateLimit {
  readonly name: 'resend' | 'send';
  readonly state: BucketState;
}

interface NamedBucket extends Bucket {
  readonly name: SendLimit['name'];
}

/** Counts sends: one a minute for each challenge or enrolment, five an hour for each user. */
@Injectable()
export class SendBudgets {
  constructor(
    private readonly store: EphemeralStore,
    @Inject(getConfigToken('factors')) private readonly config: FactorsConfig,
  ) {}

  /** Takes a send from all of them or none. @returns the limit that is used up, if one is */
  async take(of: SendOf): Promise<SendLimit | undefined> {
    const buckets = this.#buckets(of);
    const taken = await this.store.take(buckets);
    if (taken.taken) return undefined;
    const bucket = buckets[taken.exhausted];
    const state = taken.states[taken.exhausted];
    return bucket && state && { ...bucket, state };
  }

  /** Gives a send back that did not take place. */
  async giveBack(of: SendOf): Promise<void> {
    await this.store.giveBack(this.#buckets(of));
  }

  #buckets({ applicationId, userId, nonceOf }: SendOf): NamedBucket[] {
    const resend: NamedBucket = {
      name: 'resend',
      key: `resend:{${applicationId}}:${nonceOf}`,
      limit: 1,
      windowMs: RESEND_AFTER_SECONDS * 1_000,
    };
    const { sendLimit } = this.config;
    return sendLimit === 'off'
      ? [resend]
      : [resend, { name: 'send', key: `send:{${applicationId}}:${userId}`, ...sendLimit }];
  }
}
