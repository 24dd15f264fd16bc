import type { Origin } from '@countersign/core';

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

/** What a server opened a challenge for. */
export interface Asked {
  /** The application's own id for the user. */
  readonly externalId: string;
  /** The server's name for what is to be approved; `null` for a login of its own. */
  readonly action: string | null;
  /** base64url of the SHA-256 over the canonical form (RFC 8785) of the details; `null` where there are none. */
  readonly detailsHash: string | null;
  /** Where the user is, as the server says. */
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** The language of what is sent (BCP 47), where the server names one. */
  readonly locale: string | null;
}

/** One attempt to prove a factor, as the ephemeral store keeps it. Ids are UUIDs. */
export interface Challenge {
  readonly id: string;
  readonly applicationId: string;
  readonly userId: string;
  /** The user's epoch when it was opened; the challenge dies with it. */
  readonly securityEpoch: number;
  /** `action` is what servers ask for. */
  readonly purpose: 'login' | 'step_up' | 'action';
  /** The session that steps up. */
  readonly sessionId: string | null;
  /** What a server asked for; absent at a login and a step-up. */
  readonly asked?: Asked;
  /** RFC 3339. */
  readonly expiresAt: string;
  readonly factors: readonly OfferedFactor[];
  /** The code that was sent last, if one was. */
  readonly sent?: SentTo;
}

/** Tries of one challenge, whatever the factor. */
export const TRIES_PER_CHALLENGE = 5;

/** The origin of what is done for a challenge: where the user is, as far as the server that asked has said. */
export function originFor({ asked }: Pick<Challenge, 'asked'>, origin: Origin): Origin {
  if (asked === undefined) return origin;
  return { ...origin, ip: asked.ip ?? origin.ip, userAgent: asked.userAgent ?? origin.userAgent };
}
