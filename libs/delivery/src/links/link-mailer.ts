import { Inject, Injectable, Logger } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import type { CoreConfig } from '@countersign/core';
import { type Application, DEFAULT_APPLICATION } from '@countersign/directory';
import { EmailSender, type Sent } from '../email/email-sender.js';
import { mailable } from '../email/mail-address.js';
import { MailCaps } from '../guards/mail-caps.js';
import { languageOf } from '../templates/language.js';
import { plain } from '../templates/plain.js';
import { LINK_PAGES, type LinkMailKind } from './link-mail.js';
import { type AccountOfMail, linkMail } from './link.templates.js';

/** A mail about an account's address or password. */
export interface LinkMail {
  readonly kind: LinkMailKind;
  /** UUID, the same when it is tried again. */
  readonly id: string;
  readonly to: string;
  readonly locale: string | null;
  readonly application: Application;
  /** For the kinds with a link. */
  readonly token: { readonly text: string; readonly ttlMs: number } | undefined;
  readonly account: AccountOfMail;
}

/**
 * How the sending ended; `unmailable` where no mail server takes the address, now or later, `capped` where it was sent
 * too many such mails today.
 */
export type LinkMailOutcome = 'accepted' | 'unknown' | 'failed' | 'unmailable' | 'capped';

/** Kinds that anybody can have sent to any address. */
const TO_STRANGERS: ReadonlySet<LinkMailKind> = new Set([
  'verify_email',
  'change_email',
  'already_registered',
]);

/** Writes and sends mails about addresses and passwords. */
@Injectable()
export class LinkMailer {
  readonly #logger = new Logger('Mail');

  constructor(
    private readonly sender: EmailSender,
    private readonly caps: MailCaps,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  /** Whether mail can be sent at all. */
  get available(): boolean {
    return this.sender.available;
  }

  /** `unknown` counts as sent; `failed` is to be tried again. */
  async send(mail: LinkMail): Promise<LinkMailOutcome> {
    const { kind, id, to, application, account } = mail;
    const address = mailable(to);
    if (address === undefined) {
      this.#logger.warn(`A mail (${kind}, ${id}) is not sent: mail cannot go to its user's address`);
      return 'unmailable';
    }
    const send = (): Promise<Sent> => this.#send(mail, address);
    // Its owner must be able to have a new password whoever else asks: RATE_LIMIT_MAIL is what holds these.
    if (kind === 'reset_password' && account.emailVerified) return (await send()).outcome;
    const toStranger = !account.emailVerified || TO_STRANGERS.has(kind);
    return this.caps.within({ application, to: address, about: kind, toStranger }, send);
  }

  #send({ kind, id, locale, application, token, account }: LinkMail, to: string): Promise<Sent> {
    const page = LINK_PAGES[kind];
    return this.sender.send({
      ...linkMail({
        kind,
        language: languageOf(locale, application.policy.defaultLocale),
        issuer: application.issuer,
        account,
        link:
          token === undefined || page === undefined
            ? undefined
            : {
                url: `${this.config.publicUrl}${page}?token=${token.text}${fragmentOf(application)}`,
                token: token.text,
                ttlMs: token.ttlMs,
              },
      }),
      to,
      fromName: plain(application.issuer),
      id,
    });
  }
}

// Lets the page ask for another link where this one is dead: nothing tells any more then which application it was of.
function fragmentOf({ slug }: Application): string {
  return slug === DEFAULT_APPLICATION ? '' : `#application=${slug}`;
}
