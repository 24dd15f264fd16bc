import type { MailText } from '../templates/code.templates.js';
import { mailHtml } from '../templates/html.js';
import type { Language } from '../templates/language.js';
import { plain } from '../templates/plain.js';

/** A webhook that was disabled, and why. */
export interface DisabledWebhookMessage {
  readonly language: Language;
  /** The application's name as its users know it. */
  readonly issuer: string;
  /** TypeID. */
  readonly webhookId: string;
  /** `gone`: its receiver has said so (410); `failing`: nothing has succeeded for five days. */
  readonly reason: 'gone' | 'failing';
}

interface Wording {
  readonly subject: (issuer: string) => string;
  readonly body: (webhookId: string) => string;
  readonly reasons: Readonly<Record<DisabledWebhookMessage['reason'], string>>;
  readonly remedy: string;
  readonly footer: (issuer: string) => string;
}

const WORDINGS: Readonly<Record<Language, Wording>> = {
  en: {
    subject: (issuer) => `${issuer}: a webhook was disabled`,
    body: (webhookId) => `The webhook ${webhookId} is not told of events any more.`,
    reasons: {
      gone: 'Its receiver answered that it is gone for good (410).',
      failing: 'No delivery has succeeded for five days.',
    },
    remedy: 'Mend the receiver, enable the webhook again, and have what it missed delivered once more.',
    footer: (issuer) => `You get this mail as an administrator of ${issuer}.`,
  },
  de: {
    subject: (issuer) => `${issuer}: Ein Webhook wurde abgeschaltet`,
    body: (webhookId) => `Der Webhook ${webhookId} erhält keine Ereignisse mehr.`,
    reasons: {
      gone: 'Sein Empfänger hat geantwortet, dass es ihn nicht mehr gibt (410).',
      failing: 'Seit fünf Tagen kam keine Zustellung an.',
    },
    remedy:
      'Bringen Sie den Empfänger in Ordnung, schalten Sie den Webhook wieder ein und lassen Sie das Versäumte noch einmal zustellen.',
    footer: (issuer) => `Sie erhalten diese Nachricht, weil Sie ${issuer} verwalten.`,
  },
  fr: {
    subject: (issuer) => `${issuer} : un webhook a été désactivé`,
    body: (webhookId) => `Le webhook ${webhookId} ne reçoit plus d’événements.`,
    reasons: {
      gone: 'Son destinataire a répondu qu’il n’existe plus (410).',
      failing: 'Aucune livraison n’a abouti depuis cinq jours.',
    },
    remedy: 'Réparez le destinataire, réactivez le webhook et faites livrer de nouveau ce qui lui a échappé.',
    footer: (issuer) => `Vous recevez ce message parce que vous administrez ${issuer}.`,
  },
  es: {
    subject: (issuer) => `${issuer}: se ha desactivado un webhook`,
    body: (webhookId) => `El webhook ${webhookId} ya no recibe eventos.`,
    reasons: {
      gone: 'Su receptor respondió que ya no existe (410).',
      failing: 'Ninguna entrega ha tenido éxito en cinco días.',
    },
    remedy: 'Repare el receptor, active de nuevo el webhook y haga que se le entregue lo que se perdió.',
    footer: (issuer) => `Recibe este mensaje porque administra ${issuer}.`,
  },
  ka: {
    subject: (issuer) => `${issuer}: ვებჰუკი გამოირთო`,
    body: (webhookId) => `ვებჰუკი ${webhookId} მოვლენებს აღარ იღებს.`,
    reasons: {
      gone: 'მიმღებმა უპასუხა, რომ აღარ არსებობს (410).',
      failing: 'ხუთი დღეა, არცერთი მიწოდება არ გამოვიდა.',
    },
    remedy: 'გაასწორეთ მიმღები, ხელახლა ჩართეთ ვებჰუკი და გამოტოვებული თავიდან მიაწოდეთ.',
    footer: (issuer) => `ამ წერილს იღებთ, როგორც ${issuer}-ის ადმინისტრატორი.`,
  },
};

/** The notice that a webhook was disabled, as text and as HTML. */
export function disabledWebhookMail(message: DisabledWebhookMessage): MailText {
  const wording = WORDINGS[message.language];
  const issuer = plain(message.issuer);
  const subject = wording.subject(issuer);
  const paragraphs = [
    wording.body(plain(message.webhookId)),
    wording.reasons[message.reason],
    wording.remedy,
  ];
  const footer = wording.footer(issuer);
  return {
    subject,
    text: [subject, ...paragraphs, footer].join('\n\n'),
    html: mailHtml({ language: message.language, heading: subject, paragraphs, footer }),
  };
}
