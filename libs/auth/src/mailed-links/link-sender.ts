import { Injectable } from '@nestjs/common';
import { Clock, Database, mintToken } from '@countersign/core';
import { LINK_PAGES, LinkMailer, type LinkMailKind } from '@countersign/delivery';
import { Applications } from '@countersign/directory';
import type { Addressee, DueMail } from './mailed-link.js';
import { MailedLinkStore } from './mailed-link.store.js';

const VERIFIED_WITHIN_MS = 24 * 60 * 60_000;
const RESET_WITHIN_MS = 30 * 60_000;
/** The first pause after a mail that did not leave; each further one is twice as long. */
const FIRST_PAUSE_MS = 15_000;
/** Two hours of a mail server that is down. */
const MOST_TRIES = 9;

/** Sends one mail: finds out whom it is for, makes its token, and forgets it where there is nobody. */
@Injectable()
export class LinkSender {
  constructor(
    private readonly store: MailedLinkStore,
    private readonly mailer: LinkMailer,
    private readonly applications: Applications,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async send(mail: DueMail): Promise<void> {
    const tx = this.database.direct;
    const [application, addressee] = [
      await this.applications.byId(mail.applicationId),
      await this.#addressee(mail),
    ];
    if (application === undefined || addressee === undefined) {
      await this.store.delete(tx, mail.id);
      return;
    }
    const { id, email: to } = mail;
    const kind = kindFor(mail, addressee);
    const token = LINK_PAGES[kind] === undefined ? undefined : await this.#mint({ id, kind }, addressee);
    const left = await this.mailer.send({ id, kind, to, locale: addressee.locale, application, token });
    if (left && token !== undefined) await this.store.sent(tx, id);
    else if (left || mail.tries >= MOST_TRIES) await this.store.delete(tx, id);
    else await this.store.again(tx, id, FIRST_PAUSE_MS * 2 ** (mail.tries - 1));
  }

  // An address that is to become an account's is written to only while it is nobody else's.
  async #addressee(mail: DueMail): Promise<Addressee | undefined> {
    const tx = this.database.direct;
    const user = await this.store.addressee(tx, mail);
    if (user === undefined || mail.kind !== 'change_email') return user;
    return (await this.store.isTaken(tx, mail.applicationId, mail.email, user.id)) ? undefined : user;
  }

  // A new one at each try: the one before has not reached anybody.
  async #mint(
    { id, kind }: Pick<DueMail, 'id' | 'kind'>,
    addressee: Addressee,
  ): Promise<{ readonly text: string; readonly ttlMs: number }> {
    const reset = kind === 'reset_password';
    const ttlMs = reset ? RESET_WITHIN_MS : VERIFIED_WITHIN_MS;
    const { token: text, digest } = reset ? mintToken('rst', [id]) : mintToken('vfy', [id]);
    const expiresAt = new Date(this.clock.now().getTime() + ttlMs);
    await this.store.stamp(this.database.direct, { id, kind }, addressee, { digest, expiresAt });
    return { text, ttlMs };
  }
}

// Who tries to register again before they have verified their address has most likely lost the first mail.
function kindFor({ kind }: DueMail, { emailVerified }: Addressee): LinkMailKind {
  return kind === 'already_registered' && !emailVerified ? 'verify_email' : kind;
}
