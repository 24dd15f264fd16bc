import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import { EmailSender, type Sent } from '../email/email-sender.js';
import { mailable } from '../email/mail-address.js';
import type { EmailClaim } from '../guards/cap-buckets.js';
import { SendCaps } from '../guards/send-caps.js';
import { MessageStore } from '../messages/message.store.js';
import { type CodeMessage, codeMail } from '../templates/code.templates.js';
import { plain } from '../templates/plain.js';
import type { CodeToDeliver, Delivered } from './code-delivery.js';

/** Sends codes by e-mail, within the caps that keep strangers from filling mailboxes. */
@Injectable()
export class EmailCodes {
  constructor(
    private readonly sender: EmailSender,
    private readonly caps: SendCaps,
    private readonly messages: MessageStore,
    private readonly database: Database,
  ) {}

  /** Whether mail can be sent at all. */
  get available(): boolean {
    return this.sender.available;
  }

  /** @throws EphemeralStoreUnavailable where caps cannot be counted: nothing is sent then */
  async run(code: CodeToDeliver, message: CodeMessage): Promise<Delivered> {
    const { application, recipient, enrolment } = code;
    const to = mailable(recipient.to);
    if (to === undefined) return { outcome: 'refused', reason: 'invalid_address' };
    const claim: EmailClaim = { channel: 'email', application, to, enrolment };
    const cap = await this.caps.take(claim);
    if (!cap.taken) return { outcome: 'capped', reason: cap.cap, retryAfterMs: cap.retryAfterMs };

    if ((await this.#send(code, to, message)).outcome !== 'failed') return { outcome: 'sent' };
    await this.caps.giveBack(claim);
    return { outcome: 'failed' };
  }

  async #send(
    { messageId: id, application, userId, enrolment }: CodeToDeliver,
    to: string,
    message: CodeMessage,
  ): Promise<Sent> {
    const tx = this.database.direct;
    const record = {
      id,
      applicationId: application.id,
      userId,
      channel: 'email' as const,
      country: null,
      enrolment,
      source: null,
    };
    await this.messages.insert(tx, record);
    const sent = await this.sender.send({
      ...codeMail(message),
      to,
      fromName: plain(application.issuer),
      id,
    });
    await this.messages.handedOver(tx, {
      id,
      status: sent.outcome,
      vendor: this.sender.vendor,
      vendorId: null,
    });
    return sent;
  }
}
