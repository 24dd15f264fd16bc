import { mailHtml } from './html.js';
import { isGsm7, towardsGsm7 } from './gsm7.js';
import type { Language } from './language.js';
import { plain } from './plain.js';

/** What a message with a code says. */
export interface CodeMessage {
  readonly language: Language;
  /** The application's name as its users know it. */
  readonly issuer: string;
  readonly code: string;
  readonly minutes: number;
  /** Where the code is to be typed: `app.example.com`; `undefined` binds it to no site. */
  readonly host: string | undefined;
}

/** A mail's parts. */
export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

interface Wording {
  /** The code comes first: a subject, or a notification, is cut at its end. */
  readonly subject: (code: string, issuer: string) => string;
  readonly sms: (code: string, issuer: string, minutes: number) => string;
  readonly heading: (issuer: string) => string;
  readonly valid: (minutes: number) => string;
  readonly unasked: string;
  readonly footer: (issuer: string) => string;
}

const WORDINGS: Readonly<Record<Language, Wording>> = {
  en: {
    subject: (code, issuer) => `${code} is your ${issuer} code`,
    sms: (code, issuer, minutes) =>
      `${code} is your ${issuer} code, valid for ${minutes} min. Do not share it.`,
    heading: (issuer) => `Your ${issuer} code`,
    valid: (minutes) =>
      `Enter this code where you were asked for it. It is valid for ${minutes} minutes. Do not share it with anyone: we will never ask you for it.`,
    unasked:
      'If you did not ask for a code, ignore this mail. If more of them come, change your password: somebody may know it.',
    footer: (issuer) => `Sent by ${issuer} to confirm that it is you.`,
  },
  de: {
    subject: (code, issuer) => `${code} ist Ihr Code für ${issuer}`,
    sms: (code, issuer, minutes) =>
      `${code} ist Ihr Code für ${issuer}, gültig ${minutes} Min. Geben Sie ihn nicht weiter.`,
    heading: (issuer) => `Ihr Code für ${issuer}`,
    valid: (minutes) =>
      `Geben Sie diesen Code dort ein, wo Sie danach gefragt wurden. Er gilt ${minutes} Minuten. Geben Sie ihn niemandem weiter: wir fragen Sie nie danach.`,
    unasked:
      'Wenn Sie keinen Code angefordert haben, beachten Sie diese Mail nicht. Kommen weitere, dann ändern Sie Ihr Passwort: jemand könnte es kennen.',
    footer: (issuer) => `Gesendet von ${issuer}, um zu bestätigen, dass Sie es sind.`,
  },
  fr: {
    subject: (code, issuer) => `${code} est votre code ${issuer}`,
    sms: (code, issuer, minutes) =>
      `${code} est votre code ${issuer}, valable ${minutes} min. Ne le communiquez pas.`,
    heading: (issuer) => `Votre code ${issuer}`,
    valid: (minutes) =>
      `Saisissez ce code là où il vous est demandé. Il est valable ${minutes} minutes. Ne le communiquez à personne : nous ne vous le demanderons jamais.`,
    unasked:
      "Si vous n'avez pas demandé de code, ignorez ce message. Si vous en recevez d'autres, changez votre mot de passe : quelqu'un le connaît peut-être.",
    footer: (issuer) => `Envoyé par ${issuer} pour vérifier qu'il s'agit bien de vous.`,
  },
  es: {
    subject: (code, issuer) => `${code} es su código de ${issuer}`,
    // Without “código”, whose accent would halve what fits into one SMS.
    sms: (code, issuer, minutes) => `${code} es su clave de ${issuer}. Vale ${minutes} min. No la comparta.`,
    heading: (issuer) => `Su código de ${issuer}`,
    valid: (minutes) =>
      `Introduzca este código donde se le pide. Es válido durante ${minutes} minutos. No lo comparta con nadie: nunca se lo pediremos.`,
    unasked:
      'Si no ha pedido ningún código, no haga caso de este mensaje. Si recibe más, cambie su contraseña: puede que alguien la conozca.',
    footer: (issuer) => `Enviado por ${issuer} para confirmar que es usted.`,
  },
  ka: {
    subject: (code, issuer) => `${code} — თქვენი კოდი (${issuer})`,
    sms: (code, issuer, minutes) => `${code} — ${issuer}-ის კოდი, ${minutes} წთ. არავის გაუზიაროთ.`,
    heading: (issuer) => `თქვენი კოდი: ${issuer}`,
    valid: (minutes) =>
      `შეიყვანეთ ეს კოდი იქ, სადაც მოგთხოვეს. კოდი მოქმედებს ${minutes} წუთის განმავლობაში. არავის გაუზიაროთ: ჩვენ მას არასოდეს მოგთხოვთ.`,
    unasked:
      'თუ კოდი არ მოგითხოვიათ, ნუ მიაქცევთ ამ წერილს ყურადღებას. თუ კიდევ მიიღებთ, შეცვალეთ პაროლი: შესაძლოა, ის ვიღაცამ იცის.',
    footer: (issuer) => `გამოგზავნილია ${issuer}-ის მიერ, რათა დადასტურდეს, რომ ეს თქვენ ხართ.`,
  },
};

const MAX_ISSUER_IN_SMS = 30;

/**
 * The text of an SMS. Its last line binds the code to the site that it is for, so that phones offer it there and
 * nowhere else (https://wicg.github.io/sms-one-time-codes/).
 */
export function codeSms({ language, issuer, code, minutes, host }: CodeMessage): string {
  const name = shortened(towardsGsm7(plain(issuer)));
  const text = WORDINGS[language].sms(code, name, minutes);
  return host === undefined ? text : `${text}\n\n@${host} #${code}`;
}

/** A mail with a code, as text and as HTML. */
export function codeMail({ language, issuer, code, minutes }: CodeMessage): MailText {
  const wording = WORDINGS[language];
  const name = plain(issuer);
  const paragraphs = [wording.valid(minutes), wording.unasked];
  const [heading, footer] = [wording.heading(name), wording.footer(name)];
  return {
    subject: wording.subject(code, name),
    text: [heading, code, ...paragraphs, footer].join('\n\n'),
    html: mailHtml({ language, heading, code, paragraphs, footer }),
  };
}

function shortened(name: string): string {
  const characters = [...name];
  if (characters.length <= MAX_ISSUER_IN_SMS) return name;
  // One “…” would make the whole message one of 70 characters.
  const end = isGsm7(name) ? '...' : '…';
  return `${characters
    .slice(0, MAX_ISSUER_IN_SMS - end.length)
    .join('')
    .trimEnd()}${end}`;
}
