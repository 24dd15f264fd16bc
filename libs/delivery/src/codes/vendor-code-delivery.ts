import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type CoreConfig, isWebOrigin } from '@countersign/core';
import type { Application } from '@countersign/directory';
import type { Channel, Recipient } from '@countersign/factor-kit';
import type { DeliveryConfig } from '../delivery.config.js';
import type { CodeMessage } from '../templates/code.templates.js';
import { languageOf } from '../templates/language.js';
import { CodeDelivery, type CodeToDeliver, type Delivered } from './code-delivery.js';
import { EmailCodes } from './email-codes.js';
import { masked } from './masking.js';
import { SmsCodes } from './sms-codes.js';

/** Brings codes to their users by the vendors that are set up. */
@Injectable()
export class VendorCodeDelivery extends CodeDelivery {
  readonly #publicHost: string;

  constructor(
    private readonly sms: SmsCodes,
    private readonly email: EmailCodes,
    @Inject(getConfigToken('core')) core: CoreConfig,
    @Inject(getConfigToken('delivery')) private readonly config: DeliveryConfig,
  ) {
    super();
    this.#publicHost = new URL(core.publicUrl).hostname;
  }

  override offers(channel: Channel): boolean {
    return channel === 'sms' ? this.sms.available : this.email.available;
  }

  override masked(recipient: Recipient): string {
    return masked(recipient);
  }

  override async deliver(code: CodeToDeliver): Promise<Delivered> {
    const message = this.#message(code);
    return code.recipient.channel === 'sms' ? this.sms.run(code, message) : this.email.run(code, message);
  }

  #message({ application, code, ttlMs, locale }: CodeToDeliver): CodeMessage {
    return {
      language: languageOf(locale, application.policy.defaultLocale),
      issuer: application.issuer,
      code,
      minutes: Math.max(1, Math.floor(ttlMs / 60_000)),
      host: this.config.smsOriginLine ? this.#hostOf(application) : undefined,
    };
  }

  #hostOf({ allowedOrigins }: Application): string {
    const origin = allowedOrigins.find(isWebOrigin);
    return (origin === undefined ? undefined : URL.parse(origin)?.hostname) ?? this.#publicHost;
  }
}
