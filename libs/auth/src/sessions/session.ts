import type { Account } from '../accounts/account.js';

/** A session as tokens are made from it. Ids are UUIDs. */
export interface Session {
  readonly id: string;
  readonly amr: readonly string[];
  readonly authTime: Date;
  readonly mfaTime: Date | null;
  /** When its refresh token expires, and when it ends in any case. */
  readonly expiresAt: Date;
  readonly endsAt: Date;
}

/** A live session and the account that it belongs to. */
export interface SessionOfAccount {
  readonly session: Session;
  readonly account: Account;
}

/** A session as lists show it. */
export interface SessionView {
  readonly id: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly amr: readonly string[];
}
