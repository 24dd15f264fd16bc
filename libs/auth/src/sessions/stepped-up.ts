import { type EventDraft, type Origin, publicId } from '@countersign/core';

/** Which session has proven what again. UUIDs. */
export interface SteppedUp {
  readonly applicationId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly origin: Origin;
}

/**
 * The event of a session that proved itself again.
 * @param proof what it proved: the password, or which factor
 */
export function steppedUp(
  { applicationId, userId, sessionId, origin }: SteppedUp,
  proof:
    | { readonly method: 'password' }
    | { readonly method: 'factor'; readonly factorId: string; readonly factorType: string },
): EventDraft {
  return {
    type: 'session.stepped_up',
    applicationId,
    userId,
    origin,
    data: { sessionId: publicId('ses', sessionId), ...proof },
  };
}
