import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import type { Delivered } from '../codes/code-delivery.js';
import type { DeliveryConfig } from '../delivery.config.js';
import { ConversionBrake } from './conversion-brake.js';
import { smsDestination } from './sms-destination.js';

/** Whether SMS may go to a number at this moment. */
export type DestinationRuling =
  | { readonly outcome: 'allowed'; readonly country: string }
  | Extract<Delivered, { outcome: 'refused' | 'capped' }>;

/** Decides where SMS may go: by the number itself, and by what has been going on in its country. It counts nothing. */
@Injectable()
export class SmsDestinations {
  constructor(
    private readonly brake: ConversionBrake,
    @Inject(getConfigToken('delivery')) private readonly config: DeliveryConfig,
  ) {}

  /** @param number E.164 */
  async ruling(applicationId: string, number: string): Promise<DestinationRuling> {
    const destination = smsDestination(number, this.config.smsAllowedCountries);
    if (!destination.allowed) return { outcome: 'refused', reason: destination.reason };
    const { country } = destination;
    const pauseMs = await this.brake.pause(applicationId, country);
    if (pauseMs === undefined) return { outcome: 'allowed', country };
    return { outcome: 'capped', reason: 'country_conversion', retryAfterMs: pauseMs };
  }
}
