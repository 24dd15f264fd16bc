import type { Application } from '@countersign/directory';
import type { Channel, Recipient } from '@countersign/factor-kit';

/** A code on its way to its user. */
export interface CodeToDeliver {
  /** UUID that the record of the message gets. */
  readonly messageId: string;
  readonly application: Application;
  /** UUID. */
  readonly userId: string;
  readonly recipient: Recipient;
  /** Six digits. Never logged, never stored. */
  readonly code: string;
  /** Milliseconds that the code is good for. */
  readonly ttlMs: number;
  /** The language that the user, or the caller, prefers (BCP 47); `null` leaves it to the application. */
  readonly locale: string | null;
  /** Whether it belongs to an enrolment, which strangers can begin: such codes are counted apart. */
  readonly enrolment: boolean;
  /** The address that its user asked from; `null` where a server asked. */
  readonly askedFrom: string | null;
}

/** Why a destination is never sent to (422 `destination_refused`). */
export type DestinationRefusal =
  'country_not_allowed' | 'not_a_mobile_number' | 'invalid_number' | 'opted_out' | 'invalid_address';

/** Which cap stopped a send (429 `rate_limited`). */
export type SendCap =
  | 'number_limit'
  | 'recipient_limit'
  | 'application_limit'
  | 'enrolment_limit'
  | 'country_limit'
  | 'country_conversion';

/** How a delivery ended. Nothing counts against anybody unless it was `sent`. */
export type Delivered =
  /** The vendor has it, or may have it. */
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'refused'; readonly reason: DestinationRefusal }
  | { readonly outcome: 'capped'; readonly reason: SendCap; readonly retryAfterMs: number }
  /** Every vendor failed (502 `delivery_failed`). */
  | { readonly outcome: 'failed' };

/** Brings codes to their users: by whichever vendor works, within the caps that keep SMS pumping unprofitable. */
export abstract class CodeDelivery {
  /** Whether this deployment can send on a channel: a vendor is set up, or outside production the mailbox stands in. */
  abstract offers(channel: Channel): boolean;

  /** A recipient as its user may see it: `+1•••••••67`, `j•••@e•••.com`. */
  abstract masked(recipient: Recipient): string;

  /** @throws EphemeralStoreUnavailable where caps cannot be counted: nothing is sent then */
  abstract deliver(message: CodeToDeliver): Promise<Delivered>;
}
