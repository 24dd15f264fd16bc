import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { limitAddress, Sealer } from '@countersign/core';
import { createHmac, type KeyObject } from 'node:crypto';
import type { CodeToDeliver, Delivered } from '../codes/code-delivery.js';
import type { DeliveryConfig } from '../delivery.config.js';
import { ConversionBrake } from './conversion-brake.js';
import { smsDestination } from './sms-destination.js';

/** Whether SMS may go to a number at this moment. */
export type DestinationRuling =
  | { readonly outcome: 'allowed'; readonly country: string; readonly source: string | null }
  | Extract<Delivered, { outcome: 'refused' | 'capped' }>;

/** Decides where SMS may go: by the number itself, and by what has been going on in its country. It counts nothing. */
@Injectable()
export class SmsDestinations {
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
    const destination = smsDestination(recipient.to, this.config.smsAllowedCountries);
    if (!destination.allowed) return { outcome: 'refused', reason: destination.reason };
    const { country } = destination;
    const source = enrolment && askedFrom !== null ? this.#sourceOf(askedFrom) : null;
    const pauseMs = await this.brake.pause({ applicationId: application.id, country, enrolment, source });
    if (pauseMs === undefined) return { outcome: 'allowed', country, source };
    return { outcome: 'capped', reason: 'country_conversion', retryAfterMs: pauseMs };
  }

  #sourceOf(ip: string): string {
    return createHmac('sha256', this.#sourceKey).update(limitAddress(ip)).digest('base64url');
  }
}
