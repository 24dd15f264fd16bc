export { CodeDelivery, type Delivered } from './codes/code-delivery.js';
export { type DeliveryConfig, deliverySection } from './delivery.config.js';
export { deliveryEntities, DeliveryModule } from './delivery.module.js';
export { type Email, EmailSender } from './email/email-sender.js';
export { Mailbox, type MailboxMessage } from './mailbox/mailbox.js';
export { MessageStore } from './messages/message.store.js';
export { TWILIO_CALLBACK } from './open-senders.js';
export { NoteTwilioStatus } from './use-cases/note-twilio-status.use-case.js';
