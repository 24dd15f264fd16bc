import type { MailText } from '../templates/code.templates.js';
import { mailHtml } from '../templates/html.js';
import type { Language } from '../templates/language.js';
import { plain } from '../templates/plain.js';
import type { Notice } from './notice.js';
import { WORDINGS } from './notice.wordings.js';

/** What a notice says. */
export interface NoticeMessage {
  readonly notice: Notice;
  readonly language: Language;
  /** The application's name as its users know it. */
  readonly issuer: string;
  readonly at: Date;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** The type of the factor that it is about; empty where it is about none. */
  readonly factorType: string;
  /** Backup codes that are left. */
  readonly codesLeft: number;
}

const LONGEST_USER_AGENT = 120;

/** A notice as a mail, as text and as HTML. */
export function noticeMail(message: NoticeMessage): MailText {
  const wording = WORDINGS[message.language];
  const issuer = plain(message.issuer);
  const factor = wording.factors[message.factorType] ?? plain(message.factorType);
  const { subject, body } = wording.notices[message.notice]({ issuer, factor, left: message.codesLeft });
  const paragraphs = [body, circumstances(message), wording.unexpected];
  const footer = wording.footer(issuer);
  return {
    subject,
    text: [subject, ...paragraphs, footer].join('\n\n'),
    html: mailHtml({ language: message.language, heading: subject, paragraphs, footer }),
  };
}

// When, and where from, as far as it is known.
function circumstances({ language, at, ip, userAgent }: NoticeMessage): string {
  const labels = WORDINGS[language].circumstances;
  const when = `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return [
    `${labels.time}: ${when}`,
    ...(ip === null ? [] : [`${labels.address}: ${plain(ip)}`]),
    ...(userAgent === null ? [] : [`${labels.program}: ${plain(userAgent).slice(0, LONGEST_USER_AGENT)}`]),
  ].join(' · ');
}
