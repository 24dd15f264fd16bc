import { Injectable, Logger } from '@nestjs/common';
import { Database } from '@countersign/core';
import { Applications } from '@countersign/directory';
import { EmailSender } from '../email/email-sender.js';
import { mailable } from '../email/mail-address.js';
import { languageOf } from '../templates/language.js';
import { plain } from '../templates/plain.js';
import { AdministratorNoticeStore } from './administrator-notice.store.js';
import { disabledWebhookMail } from './administrator-notice.templates.js';
import type { AdministratorNoticeJob } from './administrator-notice-job.js';
import { NoticeNotSent, noticeMailId } from './notice-mail.js';

/** Writes and sends notices to administrators. */
@Injectable()
export class AdministratorMailer {
  readonly #logger = new Logger('Mail');

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
    if (event === undefined || address === undefined) return;
    const to = mailable(address.email);
    if (to === undefined) {
      this.#logger.warn(
        `A notice (webhook.disabled, ${eventId}) is not sent: mail cannot go to an administrator's address`,
      );
      return;
    }
    const application = await this.applications.byId(event.applicationId);
    if (application === undefined) return;
    const { outcome } = await this.sender.send({
      ...disabledWebhookMail({
        language: languageOf(address.locale, application.policy.defaultLocale),
        issuer: application.issuer,
        webhookId: typeof event.data['webhookId'] === 'string' ? event.data['webhookId'] : '',
        reason: event.data['reason'] === 'gone' ? 'gone' : 'failing',
      }),
      to,
      fromName: plain(application.issuer),
      id: noticeMailId(eventId, userId),
    });
    if (outcome === 'failed') throw new NoticeNotSent('The mail server did not take it');
  }
}
