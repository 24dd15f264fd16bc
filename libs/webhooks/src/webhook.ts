import type { EventType } from '@countersign/core';
import type { KeyObject } from 'node:crypto';

/** What strangers can cause at will, and is told only to webhooks that name it. */
const ONLY_BY_NAME: ReadonlySet<EventType> = new Set(['login.failed']);

/** What a webhook wants to be told of: `*` is everything but `login.failed`. */
export type Wanted = EventType | '*';

/** A webhook as its administrators see it. Ids are UUIDs. */
export interface Webhook {
  readonly id: string;
  readonly applicationId: string;
  readonly url: string;
  readonly events: readonly Wanted[];
  readonly description: string | null;
  readonly status: 'enabled' | 'disabled';
  readonly createdAt: Date;
}

/** A webhook as deliveries need it. */
export interface Receiver {
  readonly id: string;
  readonly url: string;
  /** The current one, and the one before while it is rotated. */
  readonly keys: readonly KeyObject[];
}

/** Whether a webhook is told of an event: of a test, only the one that is tested, and always. */
export function wants(
  { events, publicId }: { readonly events: readonly Wanted[]; readonly publicId: string },
  { type, data }: { readonly type: EventType; readonly data: Readonly<Record<string, unknown>> },
): boolean {
  if (type === 'webhook.test') return data['webhookId'] === publicId;
  return events.some((wanted) => wanted === type || (wanted === '*' && !ONLY_BY_NAME.has(type)));
}
