import { type EventDraft, type Origin, publicId } from '@countersign/core';
import type { Webhook } from './webhook.js';

/** An event about a webhook. */
export function webhookEvent(
  type: EventDraft['type'],
  { id, applicationId }: Pick<Webhook, 'id' | 'applicationId'>,
  origin: Origin,
  more: EventDraft['data'] = {},
): EventDraft {
  return { type, applicationId, userId: null, origin, data: { webhookId: publicId('whk', id), ...more } };
}
