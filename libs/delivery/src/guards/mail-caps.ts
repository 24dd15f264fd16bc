import { Injectable, Logger } from '@nestjs/common';
import { EphemeralStoreUnavailable } from '@countersign/core';
import type { Sent } from '../email/email-sender.js';
import type { MailClaim } from './cap-buckets.js';
import { SendCaps } from './send-caps.js';

/**
 * Holds mails about accounts to their caps. They are sent by workers, after the request was answered: what is over a
 * cap is dropped, and a warning says so.
 */
@Injectable()
export class MailCaps {
  readonly #logger = new Logger('Mail');

  constructor(private readonly caps: SendCaps) {}

  /**
   * Sends a mail if it is within its caps.
   * @returns how the sending ended; `failed`, to be tried again, also where nothing can be counted
   */
  async within(
    mail: Omit<MailClaim, 'channel'>,
    send: () => Promise<Sent>,
  ): Promise<Sent['outcome'] | 'capped'> {
    const claim: MailClaim = { ...mail, channel: 'mail' };
    try {
      const cap = await this.caps.take(claim);
      if (!cap.taken) {
        this.#logger.warn(`A mail (${mail.about}) is not sent: ${cap.cap} of ${mail.application.slug}`);
        return 'capped';
      }
      const { outcome } = await send();
      if (outcome === 'failed') await this.caps.giveBack(claim);
      return outcome;
    } catch (error) {
      if (error instanceof EphemeralStoreUnavailable) return 'failed';
      throw error;
    }
  }
}
