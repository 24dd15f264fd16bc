import { Injectable, Logger } from '@nestjs/common';
import { Database } from '@countersign/core';
import { Applications } from '@countersign/directory';
import { type Email, EmailSender } from '../email/email-sender.js';
import { mailable } from '../email/mail-address.js';
import { MailCaps } from '../guards/mail-caps.js';
import { languageOf } from '../templates/language.js';
import { plain } from '../templates/plain.js';
import type { Notice } from './notice.js';
import { NoticeStore } from './notice.store.js';
import { noticeMail } from './notice.templates.js';
import type { NoticeJob } from './notice-job.js';
import { NoticeNotSent, noticeMailId } from './notice-mail.js';

/** Writes and sends the mail of a notice. */
@Injectable()
export class NoticeMailer {
  readonly #logger = new Logger('Mail');

  constructor(
    private readonly sender: EmailSender,
    private readonly caps: MailCaps,
    private readonly notices: NoticeStore,
    private readonly applications: Applications,
    private readonly database: Database,
  ) {}

  /** Whether mail can be sent at all. */
  get available(): boolean {
    return this.sender.available;
  }

  /**
   * Tells the owner, by the address and in the language that they have now. Nobody is told who was erased meanwhile or
   * has no address.
   * @throws NoticeNotSent where the mail server did not take it
   */
  async send({ eventId, at, notice }: NoticeJob): Promise<void> {
    const facts = await this.notices.find(this.database.direct, eventId, new Date(at));
    if (facts === undefined || facts.email === null) return;
    const to = mailable(facts.email);
    if (to === undefined) {
      this.#logger.warn(`A notice (${notice}, ${eventId}) is not sent: mail cannot go to its user's address`);
      return;
    }
    const application = await this.applications.byId(facts.applicationId);
    if (application === undefined) return;
    const mail: Email = {
      ...noticeMail({
        notice: notice as Notice,
        language: languageOf(facts.locale, application.policy.defaultLocale),
        issuer: application.issuer,
        at: facts.at,
        ip: facts.ip,
        userAgent: facts.userAgent,
        factorType: textOf(facts.data['factorType']),
        codesLeft: typeof facts.data['left'] === 'number' ? facts.data['left'] : 0,
      }),
      to,
      fromName: plain(application.issuer),
      id: noticeMailId(eventId, notice),
    };
    const claim = { application, to, about: `notice_${notice}`, toStranger: facts.unproven };
    const outcome = await this.caps.within(claim, () => this.sender.send(mail));
    if (outcome === 'failed') throw new NoticeNotSent('The mail server did not take it');
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
