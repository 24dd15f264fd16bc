import { type Email, EmailSender, type Sent } from '../email/email-sender.js';
import { type Sms, SmsSender, type SmsSent } from '../sms/sms-sender.js';
import type { Mailbox } from './mailbox.js';

/** The vendor's name in the records of messages that went to the mailbox. */
const MAILBOX = 'mailbox';

/** Puts SMS into the mailbox. */
export class MailboxSmsSender extends SmsSender {
  override readonly available = true;

  constructor(private readonly mailbox: Mailbox) {
    super();
  }

  override async send({ to, text, id }: Sms): Promise<SmsSent> {
    this.mailbox.put({ channel: 'sms', to, text });
    return { outcome: 'accepted', vendor: MAILBOX, vendorId: id };
  }
}

/** Puts mail into the mailbox. */
export class MailboxEmailSender extends EmailSender {
  override readonly available = true;
  override readonly vendor = MAILBOX;

  constructor(private readonly mailbox: Mailbox) {
    super();
  }

  override async send({ to, subject, text }: Email): Promise<Sent> {
    this.mailbox.put({ channel: 'email', to, subject, text });
    return { outcome: 'accepted' };
  }
}

/** Stands where a channel has no vendor and may not have a mailbox. */
export class NoSmsSender extends SmsSender {
  override readonly available = false;

  override async send(): Promise<SmsSent> {
    return { outcome: 'failed', vendor: 'none' };
  }
}

/** Stands where there is no mail server and may not be a mailbox. */
export class NoEmailSender extends EmailSender {
  override readonly available = false;
  override readonly vendor = 'none';

  override async send(): Promise<Sent> {
    return { outcome: 'failed' };
  }
}
