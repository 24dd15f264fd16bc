import type { RelayedEvent } from '@countersign/core';
import type { NoticeSettings } from '@countersign/directory';

/** What the owner of an account is told by mail. */
export type Notice = keyof NoticeSettings;

/** The events that notices are made from. */
export const NOTED_EVENTS = [
  'factor.activated',
  'factor.removed',
  'backup_codes.used',
  'backup_codes.low',
  'password.changed',
  'session.reuse_detected',
] as const;

/**
 * The notice that an event asks for, if any: one for each thing that the owner did or should know of. Backup codes that
 * came or went with a factor are told of with it, and the last few are told of as such.
 */
export function noticeOf(
  { type, data }: Pick<RelayedEvent, 'type' | 'data'>,
  on: NoticeSettings,
): Notice | undefined {
  const notice = noticeAsked(type, data, on);
  return notice !== undefined && on[notice] ? notice : undefined;
}

function noticeAsked(
  type: RelayedEvent['type'],
  data: RelayedEvent['data'],
  on: NoticeSettings,
): Notice | undefined {
  switch (type) {
    case 'factor.activated':
      return 'issuedWith' in data ? undefined : 'factorAdded';
    case 'factor.removed':
      return 'removedWith' in data ? undefined : 'factorRemoved';
    case 'backup_codes.used':
      return data['low'] === true && on.backupCodesLow ? undefined : 'backupCodesUsed';
    case 'backup_codes.low':
      return 'backupCodesLow';
    case 'password.changed':
      // Whose registration it was now is told by a mail of its own.
      return data['by'] === 'registration' ? undefined : 'passwordChanged';
    case 'session.reuse_detected':
      return 'sessionReuse';
    default:
      return undefined;
  }
}
