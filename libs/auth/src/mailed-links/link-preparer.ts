import { Injectable } from '@nestjs/common';
import { Clock, Database, mintToken } from '@countersign/core';
import { LINK_PAGES, type LinkMailKind } from '@countersign/delivery';
import { type Application, Applications } from '@countersign/directory';
import type { Addressee, DueMail } from './mailed-link.js';
import { MailedLinkStore } from './mailed-link.store.js';

const VERIFIED_WITHIN_MS = 24 * 60 * 60_000;
const RESET_WITHIN_MS = 30 * 60_000;

/** A mail that can be sent. */
export interface PreparedMail {
  readonly application: Application;
  readonly addressee: Addressee;
  readonly kind: LinkMailKind;
  readonly locale: string | null;
  /** For the kinds with a link. */
  readonly token: { readonly text: string; readonly ttlMs: number } | undefined;
}

/** Finds the reader of a mail and what it says by now, and makes its token. */
@Injectable()
export class LinkPreparer {
  constructor(
    private readonly store: MailedLinkStore,
    private readonly applications: Applications,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** @returns `undefined` where there is nobody to write to, or nothing to say any more */
  async prepare(mail: DueMail): Promise<PreparedMail | undefined> {
    const application = await this.applications.byId(mail.applicationId);
    const addressee = await this.#addressee(mail);
    const kind = addressee && kindFor(mail, addressee);
    if (application === undefined || addressee === undefined || kind === undefined) return undefined;
    const token = LINK_PAGES[kind] === undefined ? undefined : await this.#mint(mail.id, kind, addressee);
    // A registration that waits has a language of its own.
    const locale = mail.waits && kind === 'verify_email' ? mail.locale : addressee.locale;
    return { application, addressee, kind, locale, token };
  }

  // An address that is to become an account's is written to only while it is nobody else's.
  async #addressee(mail: DueMail): Promise<Addressee | undefined> {
    const tx = this.database.direct;
    const user = await this.store.addressee(tx, mail);
    if (user === undefined || mail.kind !== 'change_email') return user;
    return (await this.store.isTaken(tx, mail.applicationId, mail.email, user.id)) ? undefined : user;
  }

  // A new one at each try: the one before has not reached anybody.
  async #mint(id: string, kind: LinkMailKind, addressee: Addressee): Promise<PreparedMail['token']> {
    const reset = kind === 'reset_password';
    const ttlMs = reset ? RESET_WITHIN_MS : VERIFIED_WITHIN_MS;
    const { token: text, digest } = reset ? mintToken('rst', [id]) : mintToken('vfy', [id]);
    const expiresAt = new Date(this.clock.now().getTime() + ttlMs);
    await this.store.stamp(this.database.direct, { id, kind }, addressee, { digest, expiresAt });
    return { text, ttlMs };
  }
}

// A second registration of an address waits beside the first until one of them is verified. From then on there is an
// account, and nothing to verify.
function kindFor({ kind }: DueMail, { emailVerified }: Addressee): LinkMailKind | undefined {
  if (kind === 'already_registered' && !emailVerified) return 'verify_email';
  return kind === 'verify_email' && emailVerified ? undefined : kind;
}
