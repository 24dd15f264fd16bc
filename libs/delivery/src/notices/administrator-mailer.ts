import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import { Applications } from '@countersign/directory';
import { EmailSender } from '../email/email-sender.js';
import { isMailAddress } from '../email/mail-address.js';
import { languageOf } from '../templates/language.js';
import { plain } from '../templates/plain.js';
import { AdministratorNoticeStore } from './administrator-notice.store.js';
import { disabledWebhookMail } from './administrator-notice.templates.js';
import type { AdministratorNoticeJob } from './administrator-notice-job.js';
import { NoticeNotSent, noticeMailId } from './notice-mail.js';

/** Writes and sends notices to administrators. */
@Injectable()
export class AdministratorMailer {
  constructor(
    private readonly sender: EmailSender,
    private readonly store: AdministratorNoticeStore,
    private readonly applications: Applications,
    private readonly database: Database,
  ) {}

  /** Whether mail can be sent at all. */
  get available(): boolean {
    return this.sender.available;
  }

  /** @throws NoticeNotSent where the mail server did not take it */
  async send({ eventId, at, userId }: AdministratorNoticeJob): Promise<void> {
    const tx = this.database.direct;
    const [event, address] = [
      await this.store.event(tx, eventId, new Date(at)),
      await this.store.address(tx, userId),
    ];
    if (event === undefined || address === undefined || !isMailAddress(address.email)) return;
    const application = await this.applications.byId(event.applicationId);
    if (application === undefined) return;
    const { outcome } = await this.sender.send({
      ...disabledWebhookMail({
        language: languageOf(address.locale, application.policy.defaultLocale),
        issuer: application.issuer,
        webhookId: typeof event.data['webhookId'] === 'string' ? event.data['webhookId'] : '',
        reason: event.data['reason'] === 'gone' ? 'gone' : 'failing',
      }),
      to: address.email,
      fromName: plain(application.issuer),
      id: noticeMailId(eventId, userId),
    });
    if (outcome === 'failed') throw new NoticeNotSent('The mail server did not take it');
  }
}
