import type { JobPayload } from '@countersign/core';

/** A notice to one administrator. */
export interface AdministratorNoticeJob extends JobPayload {
  readonly eventId: string;
  /** RFC 3339: the event's own time, by which its partition is found. */
  readonly at: string;
  readonly userId: string;
}
