import type { Actor, EventType } from './event.js';

/** An event as it was written. */
export interface RelayedEvent {
  /** UUID. It stays the same however often the event is handed on. */
  readonly id: string;
  readonly at: Date;
  readonly type: EventType;
  readonly applicationId: string;
  readonly userId: string | null;
  readonly actorType: Actor['type'];
  readonly actorId: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}
