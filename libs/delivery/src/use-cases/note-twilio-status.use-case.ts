import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Database } from '@countersign/core';
import type { DeliveryConfig } from '../delivery.config.js';
import { MessageStore, type VendorReport } from '../messages/message.store.js';
import { TWILIO } from '../sms/twilio.sender.js';

/** A report as it came. */
export interface TwilioStatusInput {
  /** The whole address that it was posted to, as Twilio knows it, query included. */
  readonly url: string;
  /** `X-Twilio-Signature`. */
  readonly signature: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
  /** Our id of the message, from the query. */
  readonly messageId: string | undefined;
}

/** What came of it. */
export type TwilioStatusResult =
  | 'noted'
  /** Nothing new, or of no message of ours. */
  | 'ignored'
  | 'forged'
  /** This deployment has nothing to do with Twilio. */
  | 'not-set-up';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

// The other statuses say less than our own record does. https://www.twilio.com/docs/messaging/api/message-resource
const STATUSES: Readonly<Record<string, VendorReport['status']>> = {
  sent: 'sent',
  delivered: 'delivered',
  undelivered: 'undelivered',
  failed: 'failed',
};

/**
 * Notes what Twilio reports of a message. Only who knows the auth token can sign a report
 * (https://www.twilio.com/docs/usage/security).
 */
@Injectable()
export class NoteTwilioStatus {
  constructor(
    private readonly messages: MessageStore,
    private readonly database: Database,
    @Inject(getConfigToken('delivery')) private readonly config: DeliveryConfig,
  ) {}

  async run({ url, signature, fields, messageId }: TwilioStatusInput): Promise<TwilioStatusResult> {
    const { twilio } = this.config;
    if (twilio === undefined) return 'not-set-up';
    const { default: twilioPackage } = await import('twilio');
    if (
      signature === undefined ||
      !twilioPackage.validateRequest(twilio.authToken.reveal(), signature, url, fields)
    ) {
      return 'forged';
    }
    const { MessageSid: vendorId, MessageStatus: said, ErrorCode: errorCode } = fields;
    const status = said === undefined ? undefined : STATUSES[said];
    if (status === undefined || vendorId === undefined || vendorId.length > 64) return 'ignored';
    if (messageId === undefined || !UUID.test(messageId)) return 'ignored';
    const noted = await this.messages.report(this.database.direct, {
      id: messageId,
      vendor: TWILIO,
      vendorId,
      status,
      errorCode: errorCode !== undefined && /^\d{1,10}$/.test(errorCode) ? errorCode : null,
    });
    return noted ? 'noted' : 'ignored';
  }
}
