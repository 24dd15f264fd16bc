/** A factor as a challenge offers it. Ids are UUIDs. */
export interface OfferedFactor {
  readonly id: string;
  readonly type: string;
  readonly hint: string;
  readonly isDefault: boolean;
}

/** Where a challenge's code went: to which factor (UUID), as its user may see it, and when there may be another. */
export interface SentTo {
  readonly factorId: string;
  readonly to: string;
  /** Seconds from the send on. */
  readonly resendAfter: number;
}

/** One attempt to prove a factor, as the ephemeral store keeps it. Ids are UUIDs. */
export interface Challenge {
  readonly id: string;
  readonly applicationId: string;
  readonly userId: string;
  /** The user's epoch when it was opened; the challenge dies with it. */
  readonly securityEpoch: number;
  readonly purpose: 'login' | 'step_up';
  /** The session that steps up. */
  readonly sessionId: string | null;
  /** RFC 3339. */
  readonly expiresAt: string;
  readonly factors: readonly OfferedFactor[];
  /** The code that was sent last, if one was. */
  readonly sent?: SentTo;
}

/** Tries of one challenge, whatever the factor. */
export const TRIES_PER_CHALLENGE = 5;
