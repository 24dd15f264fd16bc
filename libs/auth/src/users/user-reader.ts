import { Injectable } from '@nestjs/common';
import { statement, type Tx } from '@countersign/core';
import { ACCOUNT_COLUMNS } from '../accounts/account.store.js';
import type { Account } from '../accounts/account.js';

/** A user, whether they log in here or a server knows them: the latter may have no address. */
export type AnyUser = Omit<Account, 'email'> & { readonly email: string | null };

/** Which application's users, and from where in the list on. */
export interface UserPage {
  readonly applicationId: string;
  readonly limit: number;
  readonly after: string | undefined;
}

// A page begins at its place in the index, whoever asks for the last as for the first.
const LIST = statement(
  'user-list',
  `SELECT ${ACCOUNT_COLUMNS}
     FROM users
    WHERE users.application_id = $1 AND users.id > COALESCE($2::uuid, '00000000-0000-0000-0000-000000000000')
    ORDER BY users.id
    LIMIT $3`,
);

const BY_ID = statement('user-by-id', `SELECT ${ACCOUNT_COLUMNS} FROM users WHERE users.id = $1`);

const HAS_FACTORS = statement(
  'user-has-factors',
  `SELECT id FROM factors WHERE user_id = $1 AND status = 'active' LIMIT 1`,
);

/** Reads users as servers and administrators see them. */
@Injectable()
export class UserReader {
  /** Users of an application, oldest first. */
  async list(tx: Tx, { applicationId, limit, after }: UserPage): Promise<AnyUser[]> {
    return tx.query<AnyUser>(LIST, [applicationId, after ?? null, limit]);
  }

  /** Finds a user by their UUID. */
  async byId(tx: Tx, id: string): Promise<AnyUser | undefined> {
    const [user] = await tx.query<AnyUser>(BY_ID, [id]);
    return user;
  }

  /** Whether a user has an active factor. */
  async hasFactors(tx: Tx, userId: string): Promise<boolean> {
    return (await tx.query(HAS_FACTORS, [userId])).length > 0;
  }
}
