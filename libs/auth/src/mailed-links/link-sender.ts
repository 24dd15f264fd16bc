import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import { LinkMailer } from '@countersign/delivery';
import { AddressStore } from '@countersign/directory';
import { LinkPreparer } from './link-preparer.js';
import type { DueMail } from './mailed-link.js';
import { MailedLinkStore } from './mailed-link.store.js';

/** The first pause after a mail that did not leave; each further one is twice as long. */
const FIRST_PAUSE_MS = 15_000;
/** Two hours of a mail server that is down. */
const MAX_TRIES = 9;

/** Sends one mail, and forgets it where there is nobody to write to. */
@Injectable()
export class LinkSender {
  constructor(
    private readonly preparer: LinkPreparer,
    private readonly store: MailedLinkStore,
    private readonly mailer: LinkMailer,
    private readonly addresses: AddressStore,
    private readonly database: Database,
  ) {}

  async send(mail: DueMail): Promise<void> {
    const tx = this.database.direct;
    const { id, email: to } = mail;
    const prepared = await this.preparer.prepare(mail);
    if (prepared === undefined) return this.store.delete(tx, id);
    const { kind, addressee, token, locale, application } = prepared;
    const outcome = await this.mailer.send({ id, kind, to, locale, application, token, account: addressee });
    if (outcome === 'failed' && mail.tries < MAX_TRIES) {
      return this.store.again(tx, id, FIRST_PAUSE_MS * 2 ** (mail.tries - 1));
    }
    const left = outcome === 'accepted' || outcome === 'unknown';
    if (!left || token === undefined) return this.store.delete(tx, id);
    await this.store.sent(tx, id);
    if (kind !== 'verify_email') return;
    await this.store.trim(tx, addressee.id);
    // Only what is known to have been mailed lets an account be erased for not being verified.
    if (outcome === 'accepted') await this.addresses.noteMailed(tx, addressee.id);
  }
}
