import type { CoreConfig } from '@countersign/core';
import type { DeliveryConfig, SmsVendor } from './delivery.config.js';
import type { EmailSender } from './email/email-sender.js';
import { SmtpSender } from './email/smtp.sender.js';
import type { Mailbox } from './mailbox/mailbox.js';
import {
  MailboxEmailSender,
  MailboxSmsSender,
  NoEmailSender,
  NoSmsSender,
} from './mailbox/mailbox.senders.js';
import { FailOverSender } from './sms/fail-over.sender.js';
import { HttpSmsSender } from './sms/http.sender.js';
import type { SmsSender } from './sms/sms-sender.js';
import { TwilioSender } from './sms/twilio.sender.js';

/** Where Twilio's reports come in. */
export const TWILIO_CALLBACK = '/v1/delivery/twilio';

/** The SMS vendors that are set up; without any the mailbox, which production does not have. */
export function openSmsSender(config: DeliveryConfig, core: CoreConfig, mailbox: Mailbox): SmsSender {
  const [first, ...more] = config.smsVendors.flatMap((vendor) => vendorOf(vendor, config, core));
  if (first !== undefined) return more.length === 0 ? first : new FailOverSender([first, ...more]);
  return core.production ? new NoSmsSender() : new MailboxSmsSender(mailbox);
}

/** The mail server that is set up; without one the mailbox, which production does not have. */
export function openEmailSender({ smtp }: DeliveryConfig, core: CoreConfig, mailbox: Mailbox): EmailSender {
  if (smtp !== undefined) return new SmtpSender(smtp);
  return core.production ? new NoEmailSender() : new MailboxEmailSender(mailbox);
}

function vendorOf(
  vendor: SmsVendor,
  { twilio, smsHttp }: DeliveryConfig,
  { publicUrl }: CoreConfig,
): SmsSender[] {
  switch (vendor) {
    case 'twilio': {
      if (twilio === undefined) return [];
      // Twilio refuses a message whose callback it could not reach.
      const reachable = publicUrl.startsWith('https://') || twilio.baseUrl !== undefined;
      return [new TwilioSender(twilio, reachable ? `${publicUrl}${TWILIO_CALLBACK}` : undefined)];
    }
    case 'http':
      return smsHttp === undefined ? [] : [new HttpSmsSender(smsHttp)];
  }
}
