import type { MailText } from '../templates/code.templates.js';
import { mailHtml } from '../templates/html.js';
import type { Language } from '../templates/language.js';
import { plain } from '../templates/plain.js';
import type { LinkMailKind } from './link-mail.js';
import { LINK_WORDINGS, type LinkWording } from './link.wordings.js';

/** A link, the token in it, and how long both count. */
export interface MailedLink {
  readonly url: string;
  readonly token: string;
  readonly ttlMs: number;
}

/** What a mail says of its account as it is. */
export interface AccountOfMail {
  readonly emailVerified: boolean;
  /** Whether a second factor is active. */
  readonly twoFactorEnabled: boolean;
  /** Whether the second factor went with what others had set up. */
  readonly secondFactorRemoved: boolean;
}

/** What such a mail says. */
export interface LinkMessage {
  readonly kind: LinkMailKind;
  readonly language: Language;
  /** The application's name as its users know it. */
  readonly issuer: string;
  readonly account: AccountOfMail;
  /** Absent where the kind has none. */
  readonly link: MailedLink | undefined;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A mail about an account's address or password, as text and as HTML; the token stands on a line of its own. */
export function linkMail({ kind, language, issuer, account, link }: LinkMessage): MailText {
  const wording = LINK_WORDINGS[language];
  const name = plain(issuer);
  const { subject, action, unasked, ...words } = wording.kinds(name)[kind];
  const body = [words.body, furtherWords(wording, kind, account)].join(' ').trimEnd();
  const footer = wording.footer(name);
  if (link === undefined || action === undefined) {
    return {
      subject,
      text: [subject, body, unasked, footer].join('\n\n'),
      html: mailHtml({ language, heading: subject, paragraphs: [body, unasked], footer }),
    };
  }
  const valid = wording.valid(Math.floor(link.ttlMs / HOUR_MS), Math.floor(link.ttlMs / MINUTE_MS));
  return {
    subject,
    text: [
      subject,
      body,
      `${action}:\n${link.url}`,
      `${wording.token}\n${link.token}`,
      valid,
      unasked,
      footer,
    ].join('\n\n'),
    html: mailHtml({
      language,
      heading: subject,
      link: { url: link.url, text: action },
      paragraphs: [body, `${wording.token} ${link.token}`, valid, unasked],
      footer,
    }),
  };
}

// A second factor is promised only to those who have one that stays.
function furtherWords(
  { asksSecondFactor, confirmsAddress, secondFactorGone }: LinkWording,
  kind: LinkMailKind,
  account: AccountOfMail,
): string {
  if (kind === 'address_confirmed') return account.secondFactorRemoved ? secondFactorGone : '';
  if (kind !== 'reset_password') return '';
  if (!account.emailVerified) return confirmsAddress;
  return account.twoFactorEnabled ? asksSecondFactor : '';
}
