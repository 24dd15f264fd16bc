import { Injectable } from '@nestjs/common';
import { statement, type Tx } from '@countersign/core';
import { emailSpellings } from '@countersign/directory';
import type { Account } from './account.js';

/** An account with what its password is checked against. */
export interface AccountWithPassword extends Account {
  readonly passwordHash: string;
}

/**
 * The columns of an `Account`, of a row named `users`. A user has a default factor exactly while one that is not a
 * recovery factor is active, so one probe of a small index tells whether the second factor is on. An EXISTS would let
 * PostgreSQL read all factors instead where it expects many rows.
 */
export const ACCOUNT_COLUMNS = `
          users.id, users.application_id AS "applicationId", users.external_id AS "externalId", users.email,
          users.email_verified_at IS NOT NULL AS "emailVerified", users.display_name AS "displayName",
          users.locale, users.status, users.role, users.security_epoch AS "securityEpoch",
          users.created_at AS "createdAt", users.second_factor_removed_at AS "secondFactorRemovedAt",
          COALESCE((SELECT true FROM factors WHERE factors.user_id = users.id AND factors.is_default), false)
            AS "twoFactorEnabled"`;

const BY_EMAIL = statement(
  'account-by-email',
  `SELECT ${ACCOUNT_COLUMNS}, users.password_hash AS "passwordHash"
     FROM users
    WHERE users.application_id = $1 AND users.email = ANY ($2::text[]) AND users.password_hash IS NOT NULL
    ORDER BY array_position($2::text[], users.email)
    LIMIT 1`,
);

const BY_ID = statement(
  'account-by-id',
  `SELECT ${ACCOUNT_COLUMNS}, users.password_hash AS "passwordHash"
     FROM users
    WHERE users.id = $1 AND users.password_hash IS NOT NULL`,
);

/** Reads built-in accounts. */
@Injectable()
export class AccountStore {
  /** @param email in any spelling; where several are accounts, as earlier versions let them be, the one typed */
  async byEmail(tx: Tx, applicationId: string, email: string): Promise<AccountWithPassword | undefined> {
    const [account] = await tx.query<AccountWithPassword>(BY_EMAIL, [applicationId, emailSpellings(email)]);
    return account;
  }

  /** Finds an account by its UUID. */
  async byId(tx: Tx, id: string): Promise<AccountWithPassword | undefined> {
    const [account] = await tx.query<AccountWithPassword>(BY_ID, [id]);
    return account;
  }
}
