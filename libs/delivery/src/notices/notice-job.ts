import type { JobPayload } from '@countersign/core';

/** A notice that is to be mailed. */
export interface NoticeJob extends JobPayload {
  readonly eventId: string;
  /** RFC 3339: the event's own time, by which its partition is found. */
  readonly at: string;
  readonly notice: string;
}
