import { createHash } from 'node:crypto';

/** Raised where a notice was not sent, so that its job is tried again. */
export class NoticeNotSent extends Error {
  override readonly name = 'NoticeNotSent';
}

/**
 * The id of a notice's mail: the same whenever it is tried, so that a mail that went out twice is one to its reader.
 * @param eventId what it is about
 * @param which tells the notices of one event apart
 */
export function noticeMailId(eventId: string, which: string): string {
  const hex = createHash('sha256').update(`${eventId} ${which}`).digest('hex').slice(0, 32);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
