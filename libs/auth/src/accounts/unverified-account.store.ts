import { Injectable } from '@nestjs/common';
import { statement, type Tx } from '@countersign/core';
import { NOBODY } from './account.js';

/** An account whose address was never verified, and the epoch that it was found under. UUIDs. */
export interface UnverifiedAccount {
  readonly id: string;
  readonly applicationId: string;
  readonly securityEpoch: number;
}

// What keeps an account: that somebody is in it, has protected it, may still follow a link, or can log in as it is.
const UNVERIFIED = statement(
  'unverified-accounts',
  `SELECT users.id, users.application_id AS "applicationId", users.security_epoch AS "securityEpoch"
     FROM users
     JOIN applications ON applications.id = users.application_id
    WHERE users.must_verify AND users.email_verified_at IS NULL
      AND users.verification_mailed_at < now() - $1 * interval '1 millisecond'
      AND users.role = 'user' AND users.status = 'active' AND users.password_hash IS NOT NULL
      AND applications.policy @> '{"requireVerifiedEmail": true}'
      AND NOT EXISTS (SELECT FROM factors WHERE factors.user_id = users.id AND factors.status = 'active')
      AND NOT EXISTS (SELECT FROM sessions
                       WHERE sessions.user_id = users.id AND sessions.revoked_at IS NULL
                         AND sessions.security_epoch = users.security_epoch
                         AND sessions.expires_at > now() AND sessions.ends_at > now())
      AND NOT EXISTS (SELECT FROM mailed_links
                       WHERE mailed_links.user_id = users.id AND mailed_links.expires_at > now())
      AND ($2::uuid IS NULL OR users.id = $2)
      AND users.id > $3
    ORDER BY users.id
    LIMIT $4`,
);

/** Finds accounts whose address was never verified. */
@Injectable()
export class UnverifiedAccountStore {
  /**
   * Accounts that may be erased because nobody verified their address (api.md, "Whose address").
   * @param retentionMs how long ago the last link must have been mailed
   */
  async unverified(
    tx: Tx,
    retentionMs: number,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<UnverifiedAccount[]> {
    return tx.query<UnverifiedAccount>(UNVERIFIED, [retentionMs, null, page.after ?? NOBODY, page.limit]);
  }

  /** Whether one account still is one of them. */
  async isUnverified(tx: Tx, retentionMs: number, userId: string): Promise<boolean> {
    return (await tx.query(UNVERIFIED, [retentionMs, userId, NOBODY, 1])).length > 0;
  }
}
