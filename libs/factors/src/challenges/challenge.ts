/** A factor as a challenge offers it. Ids are UUIDs. */
export interface OfferedFactor {
  readonly id: string;
  readonly type: string;
  readonly hint: string;
  readonly isDefault: boolean;
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
}

/** Tries of one challenge, whatever the factor. */
export const TRIES_PER_CHALLENGE = 5;
