import { Injectable } from '@nestjs/common';
import { Clock, isUniqueViolation, statement, type Tx } from '@countersign/core';
import { otherSpellings } from './email-spellings.js';

/** What a registration says of its account. */
export interface RegisteredProfile {
  readonly displayName: string | null;
  readonly locale: string | null;
}

// An account that was verified once is not erased for an address that it has later (UNVERIFIED_RETENTION).
const SET_VERIFIED = statement(
  'address-set-verified',
  `UPDATE users SET email = $2, email_verified_at = $3, must_verify = false, updated_at = $3
    WHERE id = $1
      AND (email = $2 OR NOT EXISTS (SELECT FROM users AS other
                                      WHERE other.application_id = users.application_id
                                        AND other.email = ANY ($4::text[]) AND other.password_hash IS NOT NULL
                                        AND other.id <> users.id))
   RETURNING id`,
);

const SET_PROFILE = statement(
  'address-set-profile',
  `UPDATE users SET display_name = $2, locale = $3, updated_at = $4 WHERE id = $1`,
);

// By the database's clock: the instances' own may be far off, and accounts are erased by it.
const NOTE_MAILED = statement(
  'address-note-mailed',
  `UPDATE users SET verification_mailed_at = now() WHERE id = $1 AND must_verify AND email_verified_at IS NULL`,
);

const NOTE_REMOVED = statement(
  'address-note-removed',
  `UPDATE users SET second_factor_removed_at = $2 WHERE id = $1`,
);

const REMOVED = statement(
  'address-removed',
  `SELECT id FROM users WHERE id = $1 AND second_factor_removed_at IS NOT NULL`,
);

/** Reads and writes what is known of an account's address: whether its owner has proven to read it. */
@Injectable()
export class AddressStore {
  constructor(private readonly clock: Clock) {}

  /**
   * Gives an account an address that its owner has proven to read, perhaps the one that it has.
   * @returns `false` where it is another account's; the transaction is given up then
   */
  async setVerified(tx: Tx, userId: string, email: string): Promise<boolean> {
    try {
      const set = await tx.query(SET_VERIFIED, [userId, email, this.clock.now(), otherSpellings(email)]);
      return set.length > 0;
    } catch (error) {
      if (isUniqueViolation(error, 'users_account_email_key')) return false;
      throw error;
    }
  }

  /** Gives an account the name and the language of a registration. */
  async setProfile(tx: Tx, userId: string, { displayName, locale }: RegisteredProfile): Promise<void> {
    await tx.query(SET_PROFILE, [userId, displayName, locale, this.clock.now()]);
  }

  /** Notes that a link that verifies the address was mailed, where the account must verify it. */
  async noteMailed(tx: Tx, userId: string): Promise<void> {
    await tx.query(NOTE_MAILED, [userId]);
  }

  /** Notes that the second factor went with what others had set up, or that one is active again. */
  async noteSecondFactorRemoved(tx: Tx, userId: string, removed: boolean): Promise<void> {
    await tx.query(NOTE_REMOVED, [userId, removed ? this.clock.now() : null]);
  }

  /** Whether the second factor went with what others had set up, and none is active since. */
  async isSecondFactorRemoved(tx: Tx, userId: string): Promise<boolean> {
    return (await tx.query(REMOVED, [userId])).length > 0;
  }
}
