import { Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import type { CoreConfig } from '@countersign/core';
import { DirectoryModule } from '@countersign/directory';
import { CodeDelivery } from './codes/code-delivery.js';
import { EmailCodes } from './codes/email-codes.js';
import { SmsCodes } from './codes/sms-codes.js';
import { VendorCodeDelivery } from './codes/vendor-code-delivery.js';
import type { DeliveryConfig } from './delivery.config.js';
import { EmailSender } from './email/email-sender.js';
import { CapBuckets } from './guards/cap-buckets.js';
import { ConversionBrake } from './guards/conversion-brake.js';
import { MailCaps } from './guards/mail-caps.js';
import { SendCaps } from './guards/send-caps.js';
import { SmsDestinations } from './guards/sms-destinations.js';
import { Mailbox } from './mailbox/mailbox.js';
import { openEmailSender, openSmsSender } from './open-senders.js';
import { MessageEntity } from './messages/message.entity.js';
import { MessageStore } from './messages/message.store.js';
import { MessagesSweeper } from './messages/messages.sweeper.js';
import { LinkMailer } from './links/link-mailer.js';
import { AdministratorMailer } from './notices/administrator-mailer.js';
import { AdministratorNotices } from './notices/administrator-notices.js';
import { AdministratorNoticeStore } from './notices/administrator-notice.store.js';
import { NoticeMailer } from './notices/notice-mailer.js';
import { NoticeStore } from './notices/notice.store.js';
import { Notices } from './notices/notices.js';
import { SmsSender } from './sms/sms-sender.js';
import { NoteTwilioStatus } from './use-cases/note-twilio-status.use-case.js';

/** Delivery's tables. */
export const deliveryEntities = [MessageEntity];

/** Closes what was opened to send with. */
@Injectable()
class DeliveryLifecycle implements OnApplicationShutdown {
  constructor(@Inject(EmailSender) private readonly email: EmailSender) {}

  async onApplicationShutdown(): Promise<void> {
    await this.email.close();
  }
}

const CONFIGURED = [getConfigToken('delivery'), getConfigToken('core'), Mailbox];

/** Brings messages to users: vendors, guards, texts, and the mailbox that stands in while there is no vendor. */
@Module({
  imports: [DirectoryModule],
  providers: [
    Mailbox,
    {
      provide: SmsSender,
      inject: CONFIGURED,
      useFactory: (delivery: DeliveryConfig, core: CoreConfig, mailbox: Mailbox) =>
        openSmsSender(delivery, core, mailbox),
    },
    {
      provide: EmailSender,
      inject: CONFIGURED,
      useFactory: (delivery: DeliveryConfig, core: CoreConfig, mailbox: Mailbox) =>
        openEmailSender(delivery, core, mailbox),
    },
    { provide: CodeDelivery, useClass: VendorCodeDelivery },
    DeliveryLifecycle,
    SmsCodes,
    EmailCodes,
    SmsDestinations,
    CapBuckets,
    SendCaps,
    MailCaps,
    ConversionBrake,
    MessageStore,
    MessagesSweeper,
    NoteTwilioStatus,
    LinkMailer,
    NoticeStore,
    NoticeMailer,
    Notices,
    AdministratorNoticeStore,
    AdministratorMailer,
    AdministratorNotices,
  ],
  exports: [CodeDelivery, EmailSender, LinkMailer, Mailbox, MessageStore, NoteTwilioStatus, SendCaps],
})
export class DeliveryModule {}
