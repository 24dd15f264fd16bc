import type { RelayedEvent } from '@countersign/core';
import type { Receiver } from '../webhook.js';

/** Which delivery, and how many attempts it has had: whoever counts otherwise has been overtaken. */
export interface DeliveryRef {
  /** UUID. */
  readonly id: string;
  /** By which its partition is found. */
  readonly createdAt: Date;
  readonly attempt: number;
}

/** An event as its receivers are told of it. */
export interface ToldEvent extends Pick<RelayedEvent, 'id' | 'at' | 'type' | 'userId' | 'data'> {
  /** The application's own id for the user; `null` where there is none, or none any more. */
  readonly externalId: string | null;
}

/** A delivery that a worker has in hand. */
export interface DeliveryTask extends DeliveryRef {
  readonly step: number;
  readonly receiver: Receiver;
  readonly event: ToldEvent;
  /** After this moment of the process's own monotonic clock, in milliseconds, another worker may have it in hand. */
  readonly heldUntil: number;
}

/** A delivery as its webhook's administrators see it. */
export interface Delivery {
  readonly id: string;
  readonly createdAt: Date;
  readonly eventId: string;
  readonly eventType: string;
  readonly attempt: number;
  readonly status: 'pending' | 'succeeded' | 'failed';
  readonly responseStatus: number | null;
  readonly responseExcerpt: string | null;
  readonly error: string | null;
  readonly nextAttemptAt: Date | null;
}
