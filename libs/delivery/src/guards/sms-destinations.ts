import { Inject, Injectable, Logger } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { limitAddress, Sealer } from '@countersign/core';
import { createHmac, type KeyObject } from 'node:crypto';
import type { CodeToDeliver, Delivered } from '../codes/code-delivery.js';
import type { DeliveryConfig } from '../delivery.config.js';
import { ConversionBrake } from './conversion-brake.js';
import { smsDestination } from './sms-destination.js';

/** Whether SMS may go to a number at this moment. */
export type DestinationRuling =
  | {
      readonly outcome: 'allowed';
      readonly country: string;
      /** Whether its numbering plan says that the number is mobile. */
      readonly known: boolean;
      readonly source: string | null;
    }
  | Extract<Delivered, { outcome: 'refused' | 'capped' }>;

/** Decides where SMS may go: by the number itself, and by what has been going on in its country. It counts nothing. */
@Injectable()
export class SmsDestinations {
  readonly #logger = new Logger('Sms');
  readonly #sourceKey: KeyObject;

  constructor(
    private readonly brake: ConversionBrake,
    sealer: Sealer,
    @Inject(getConfigToken('delivery')) private readonly config: DeliveryConfig,
  ) {
    this.#sourceKey = sealer.deriveKey('message-source');
  }

  /** @param code whose recipient is a number in E.164 form */
  async ruling({ application, recipient, enrolment, askedFrom }: CodeToDeliver): Promise<DestinationRuling> {
    const { smsAllowedCountries: countries, smsAllowedPrefixes: prefixes } = this.config;
    const destination = smsDestination(recipient.to, { countries, prefixes });
    if (!destination.allowed) {
      // Only an operator can mend a range that should be allowed.
      this.#logger.warn(`an SMS was refused (${destination.reason}): a number of ${destination.range}`);
      return { outcome: 'refused', reason: destination.reason };
    }
    const { country, known } = destination;
    const source = enrolment && askedFrom !== null ? this.#sourceOf(askedFrom) : null;
    const pauseMs = await this.brake.pause({ applicationId: application.id, country, enrolment, source });
    if (pauseMs === undefined) return { outcome: 'allowed', country, known, source };
    return { outcome: 'capped', reason: 'country_conversion', retryAfterMs: pauseMs };
  }

  #sourceOf(ip: string): string {
    return createHmac('sha256', this.#sourceKey).update(limitAddress(ip)).digest('base64url');
  }
}
