import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type Bucket, EphemeralStore, Sealer } from '@countersign/core';
import type { Application } from '@countersign/directory';
import { createHmac, type KeyObject } from 'node:crypto';
import type { SendCap } from '../codes/code-delivery.js';
import type { DeliveryConfig } from '../delivery.config.js';

const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
/** Enrolments, which anybody who can register can begin, have at most this part of the day's SMS. */
const ENROLMENT_SHARE = 5;

/** Whose SMS it is, and where to. */
export interface SmsClaim {
  readonly application: Application;
  /** E.164. */
  readonly number: string;
  /** ISO 3166. */
  readonly country: string;
  readonly enrolment: boolean;
}

/** An SMS that was counted, or the cap that stopped it. */
export type CapOutcome =
  { readonly taken: true } | { readonly taken: false; readonly cap: SendCap; readonly retryAfterMs: number };

interface CapBucket extends Bucket {
  readonly cap: SendCap;
}

/**
 * Counts SMS where pumping would show: by number, by application and day, by country and hour. What is counted is
 * given back when the SMS does not go out.
 */
@Injectable()
export class SmsCaps {
  readonly #numberKey: KeyObject;

  constructor(
    private readonly store: EphemeralStore,
    sealer: Sealer,
    @Inject(getConfigToken('delivery')) private readonly config: DeliveryConfig,
  ) {
    this.#numberKey = sealer.deriveKey('sms-number');
  }

  /** @throws EphemeralStoreUnavailable where nothing can be counted: nothing is sent then */
  async take(claim: SmsClaim): Promise<CapOutcome> {
    const taken: CapBucket[][] = [];
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

  /** Takes back what was counted for an SMS that did not go out. */
  async giveBack(claim: SmsClaim): Promise<void> {
    for (const group of this.#groups(claim)) await this.store.giveBack(group);
  }

  // A number is counted across applications, and so in a cluster slot of its own.
  #groups({ application, number, country, enrolment }: SmsClaim): CapBucket[][] {
    const { smsPerNumber, smsDailyLimit, smsCountryHourlyLimit } = this.config;
    const tag = createHmac('sha256', this.#numberKey).update(number).digest('base64url');
    const day = application.policy.smsDailyLimit ?? smsDailyLimit;
    const ofApplication = `{${application.id}}`;
    return [
      smsPerNumber === 'off' ? [] : [{ cap: 'number_limit', key: `sms_number:{${tag}}`, ...smsPerNumber }],
      [
        { cap: 'application_limit', key: `sms_day:${ofApplication}`, limit: day, windowMs: DAY_MS },
        ...(enrolment
          ? [
              {
                cap: 'enrolment_limit' as const,
                key: `sms_enrolment:${ofApplication}`,
                limit: Math.floor(day / ENROLMENT_SHARE),
                windowMs: DAY_MS,
              },
            ]
          : []),
        {
          cap: 'country_limit',
          key: `sms_country:${ofApplication}:${country}`,
          limit: smsCountryHourlyLimit,
          windowMs: HOUR_MS,
        },
      ],
    ];
  }
}
