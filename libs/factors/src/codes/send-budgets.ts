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
  /** Whether a provider makes an enrolment, to whatever address: these are counted by the day as well. */
  readonly byProvider?: boolean;
}

/** Which limit stopped a send, with its measure for the caller. */
export interface SendLimit extends RateLimit {
  readonly name: 'resend' | 'send';
  readonly state: BucketState;
}

interface NamedBucket extends Bucket {
  readonly name: SendLimit['name'];
}

const DAY_MS = 24 * 60 * 60_000;
/** Enrolments that a provider may make for one user in a day, as a multiple of the sends of an hour. */
const DAILY_ENROLMENTS = 2;

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

  #buckets({ applicationId, userId, nonceOf, byProvider = false }: SendOf): NamedBucket[] {
    const resend: NamedBucket = {
      name: 'resend',
      key: `resend:{${applicationId}}:${nonceOf}`,
      limit: 1,
      windowMs: RESEND_AFTER_SECONDS * 1_000,
    };
    const { sendLimit } = this.config;
    if (sendLimit === 'off') return [resend];
    const send: NamedBucket = { name: 'send', key: `send:{${applicationId}}:${userId}`, ...sendLimit };
    const day: NamedBucket = {
      name: 'send',
      key: `send_enrolments:{${applicationId}}:${userId}`,
      limit: sendLimit.limit * DAILY_ENROLMENTS,
      windowMs: DAY_MS,
    };
    return byProvider ? [resend, send, day] : [resend, send];
  }
}
