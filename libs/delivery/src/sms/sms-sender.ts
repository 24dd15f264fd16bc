import type { DestinationRefusal } from '../codes/code-delivery.js';

/** An SMS that is ready to go. */
export interface Sms {
  /** E.164. */
  readonly to: string;
  readonly text: string;
  /** The code in it, for vendors that write the text themselves. */
  readonly code: string;
  /** Our own id of the message (UUID), by which the vendor's reports find it. */
  readonly id: string;
  /** Seconds after which nobody needs it any more. */
  readonly validForSeconds: number;
}

/** How a sending ended at one vendor. */
export type SmsSent =
  | { readonly outcome: 'accepted'; readonly vendor: string; readonly vendorId: string | null }
  /** The vendor had the request, and then said nothing in time. It counts as sent, and is not sent again. */
  | { readonly outcome: 'unknown'; readonly vendor: string }
  /** The vendor does not send to this number. Another one may, unless it is the owner of the number who refuses. */
  | {
      readonly outcome: 'rejected';
      readonly vendor: string;
      readonly reason: DestinationRefusal;
      readonly byOwner: boolean;
    }
  /** It was not sent; another vendor may. */
  | { readonly outcome: 'failed'; readonly vendor: string };

/** Sends SMS through one vendor, or through several. Never rejects: failures are logged without number and text. */
export abstract class SmsSender {
  /** Whether this deployment can send SMS at all. */
  abstract readonly available: boolean;

  abstract send(sms: Sms): Promise<SmsSent>;
}
