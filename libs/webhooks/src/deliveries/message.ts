import { publicId } from '@countersign/core';
import type { ToldEvent } from './delivery.js';

/** The body of a message: the same on every attempt, but for a user who was erased meanwhile. */
export function messageOf({ type, at, userId, externalId, data }: ToldEvent): string {
  const user = userId === null ? null : { id: publicId('usr', userId), externalId };
  return JSON.stringify({ type, timestamp: at.toISOString(), data: { user, ...data } });
}
