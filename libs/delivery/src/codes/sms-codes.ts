import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import type { CapPart, SmsClaim } from '../guards/cap-buckets.js';
import { SendCaps } from '../guards/send-caps.js';
import { SmsDestinations } from '../guards/sms-destinations.js';
import { MessageStore, type NewMessage } from '../messages/message.store.js';
import { type SmsSent, SmsSender } from '../sms/sms-sender.js';
import { type CodeMessage, codeSms } from '../templates/code.templates.js';
import type { CodeToDeliver, Delivered } from './code-delivery.js';

/** What libphonenumber does not know may be a new range of mobile numbers, or one that somebody earns from. */
const UNKNOWN_TYPE: CapPart = { name: 'unknown_type', of: 10 };

/** Sends codes by SMS, which costs money: every guard is asked before a vendor is. */
@Injectable()
export class SmsCodes {
  constructor(
    private readonly sender: SmsSender,
    private readonly destinations: SmsDestinations,
    private readonly caps: SendCaps,
    private readonly messages: MessageStore,
    private readonly database: Database,
  ) {}

  /** Whether SMS can be sent at all. */
  get available(): boolean {
    return this.sender.available;
  }

  /** @throws EphemeralStoreUnavailable where caps cannot be counted: nothing is sent then */
  async run(code: CodeToDeliver, message: CodeMessage): Promise<Delivered> {
    const { application, recipient, enrolment } = code;
    const ruling = await this.destinations.ruling(code);
    if (ruling.outcome !== 'allowed') return ruling;
    const claim: SmsClaim = {
      channel: 'sms',
      application,
      to: recipient.to,
      country: ruling.country,
      enrolment,
      ...(ruling.known ? {} : { part: UNKNOWN_TYPE }),
    };
    const cap = await this.caps.take(claim);
    if (!cap.taken) return { outcome: 'capped', reason: cap.cap, retryAfterMs: cap.retryAfterMs };

    const sent = await this.#send(code, message, ruling);
    if (sent.outcome === 'accepted' || sent.outcome === 'unknown') return { outcome: 'sent' };
    await this.caps.giveBack(claim);
    return sent.outcome === 'rejected' ? { outcome: 'refused', reason: sent.reason } : { outcome: 'failed' };
  }

  async #send(
    { messageId: id, application, userId, recipient, ttlMs, enrolment }: CodeToDeliver,
    message: CodeMessage,
    { country, source }: Pick<NewMessage, 'country' | 'source'>,
  ): Promise<SmsSent> {
    const tx = this.database.direct;
    const record = {
      id,
      applicationId: application.id,
      userId,
      channel: 'sms' as const,
      country,
      enrolment,
      source,
    };
    await this.messages.insert(tx, record);
    const sent = await this.sender.send({
      to: recipient.to,
      text: codeSms(message),
      code: message.code,
      id,
      validForSeconds: Math.ceil(ttlMs / 1_000),
    });
    await this.messages.handedOver(tx, {
      id,
      status: sent.outcome === 'rejected' ? 'failed' : sent.outcome,
      vendor: sent.vendor,
      vendorId: sent.outcome === 'accepted' ? sent.vendorId : null,
    });
    return sent;
  }
}
