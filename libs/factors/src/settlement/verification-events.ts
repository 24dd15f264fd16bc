import { type EventDraft, type Origin, publicId } from '@countersign/core';
import type { Asked, OfferedFactor } from '../challenges/challenge.js';

// With this many codes left, the owner should make new ones.
const FEW_CODES = 3;

/** The events of one answer. */
export interface VerificationEvents {
  readonly verified: EventDraft;
  failed(reason: 'mismatch' | 'stale'): EventDraft;
  readonly locked: EventDraft;
  /** @param hint the recovery factor's hint after this answer: how many codes are left */
  recoveryUsed(hint: string): EventDraft[];
}

/** What is answered: a challenge, or a resync. Ids are UUIDs. */
export interface Answered {
  readonly id: string;
  readonly applicationId: string;
  readonly userId: string;
  readonly purpose: 'login' | 'step_up' | 'action' | 'resync';
  /** What a server asked for. */
  readonly asked?: Pick<Asked, 'action'>;
}

/** Drafts the events of an answer to a challenge. They name ids and kinds, never the answer. */
export function verificationEvents(
  challenge: Answered,
  factor: Pick<OfferedFactor, 'id' | 'type'>,
  origin: Origin,
): VerificationEvents {
  const { applicationId, userId } = challenge;
  const data = {
    challengeId: publicId('chl', challenge.id),
    purpose: challenge.purpose,
    ...(challenge.asked === undefined || challenge.asked.action === null
      ? {}
      : { action: challenge.asked.action }),
    factorId: publicId('fac', factor.id),
    factorType: factor.type,
  };
  const draft = (type: EventDraft['type'], more: Record<string, unknown> = {}): EventDraft => ({
    type,
    applicationId,
    userId,
    origin,
    data: { ...data, ...more },
  });
  return {
    verified: draft('challenge.verified'),
    failed: (reason) => draft('challenge.failed', { reason }),
    locked: draft('factor.locked'),
    recoveryUsed: (hint) => {
      const left = Number.parseInt(hint, 10);
      const low = left <= FEW_CODES;
      const used = draft('backup_codes.used', { left, low });
      return low ? [used, draft('backup_codes.low', { left })] : [used];
    },
  };
}
