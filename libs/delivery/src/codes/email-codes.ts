import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import { EmailSender } from '../email/email-sender.js';
import { isMailAddress } from '../email/mail-address.js';
import { MessageStore } from '../messages/message.store.js';
import { type CodeMessage, codeMail } from '../templates/code.templates.js';
import { plain } from '../templates/plain.js';
import type { CodeToDeliver, Delivered } from './code-delivery.js';

/** Sends codes by e-mail. */
@Injectable()
export class EmailCodes {
  constructor(
    private readonly sender: EmailSender,
    private readonly messages: MessageStore,
    private readonly database: Database,
  ) {}

  /** Whether mail can be sent at all. */
  get available(): boolean {
    return this.sender.available;
  }

  async run(
    { messageId: id, application, userId, recipient, enrolment }: CodeToDeliver,
    message: CodeMessage,
  ): Promise<Delivered> {
    if (!isMailAddress(recipient.to)) return { outcome: 'refused', reason: 'invalid_address' };
    const tx = this.database.direct;
    const record = {
      id,
      applicationId: application.id,
      userId,
      channel: 'email' as const,
      country: null,
      enrolment,
    };
    await this.messages.insert(tx, record);
    const { outcome } = await this.sender.send({
      ...codeMail(message),
      to: recipient.to,
      fromName: plain(application.issuer),
      id,
    });
    await this.messages.handedOver(tx, { id, status: outcome, vendor: this.sender.vendor, vendorId: null });
    return { outcome: outcome === 'failed' ? 'failed' : 'sent' };
  }
}
