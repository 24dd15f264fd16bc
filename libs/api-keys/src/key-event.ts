import { type EventDraft, type Origin, publicId } from '@countersign/core';
import type { ApiKey } from './api-key.js';

/** An event about a key. It names the key and never holds it. */
export function keyEvent(
  type: EventDraft['type'],
  { id, applicationId }: Pick<ApiKey, 'id' | 'applicationId'>,
  origin: Origin,
  more: EventDraft['data'] = {},
): EventDraft {
  return { type, applicationId, userId: null, origin, data: { keyId: publicId('key', id), ...more } };
}
