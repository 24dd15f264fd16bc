export {
  CodeDelivery,
  type CodeToDeliver,
  type Delivered,
  type DestinationRefusal,
  type SendCap,
} from './codes/code-delivery.js';
export { type Email, EmailSender, type Sent } from './email/email-sender.js';
