import { Injectable } from '@nestjs/common';
import { Clock, type EventDraft, EventLog, isUniqueViolation, statement, type Tx } from '@countersign/core';
import { emailSpellings, otherSpellings } from './email-spellings.js';
import { UserEntity } from './user.entity.js';

/** A new built-in account. */
export interface NewAccount {
  readonly id: string;
  readonly applicationId: string;
  readonly externalId: string;
  /** Trimmed, lower case. */
  readonly email: string;
  readonly displayName: string | null;
  readonly locale: string | null;
  readonly role: 'user' | 'admin';
  readonly passwordHash: string;
  /** Whether the policy that it is registered under demands a verified address. */
  readonly mustVerify: boolean;
}

/** A user as an operator's name for them finds them. */
export interface NamedUser {
  readonly id: string;
  readonly externalId: string;
  readonly email: string | null;
  readonly locale: string | null;
  readonly securityEpoch: number;
}

/** A user as servers know them: by the application's own id. */
export interface KnownUser {
  /** UUID. */
  readonly id: string;
  readonly externalId: string;
  readonly email: string | null;
  readonly locale: string | null;
  readonly status: 'active' | 'suspended';
  readonly role: 'user' | 'admin';
  readonly securityEpoch: number;
  /** Whether the user logs in here, with a password. */
  readonly hasPassword: boolean;
}

/** A user as a change finds them. */
export interface LockedUser extends KnownUser {
  readonly displayName: string | null;
}

/** Fields of a user that can change; absent ones stay. */
export interface UserChanges {
  readonly email?: string | null;
  readonly displayName?: string | null;
  readonly locale?: string | null;
}

const BUMP_EPOCH = statement(
  'user-bump-epoch',
  `UPDATE users SET security_epoch = security_epoch + 1, updated_at = $2
    WHERE id = $1
   RETURNING security_epoch AS epoch`,
);

// Taken in one order, by everything that must not leave the house without an administrator.
const LOCK_ADMINS = statement(
  'user-lock-admins',
  `SELECT id FROM users
    WHERE application_id = $1 AND role = 'admin' AND status = 'active'
    ORDER BY id
      FOR NO KEY UPDATE`,
);

// What was before is read under the lock that the change needs anyway.
const MAKE_ADMIN = statement(
  'user-make-admin',
  `WITH before AS (
     SELECT id, role, status, email_verified_at IS NOT NULL AS verified
       FROM users
      WHERE application_id = $1 AND email = ANY ($2::text[]) AND password_hash IS NOT NULL
      ORDER BY array_position($2::text[], email)
      LIMIT 1
        FOR NO KEY UPDATE
   )
   UPDATE users
      SET password_hash = $3, role = 'admin', status = 'active', security_epoch = users.security_epoch + 1,
          email_verified_at = COALESCE(users.email_verified_at, $4), updated_at = $4
     FROM before
    WHERE users.id = before.id
   RETURNING users.id, before.role <> 'admin' AS promoted, before.status <> 'active' AS reactivated, before.verified`,
);

// What was derived from the password before ends with its epoch.
const SET_PASSWORD = statement(
  'user-set-password',
  `UPDATE users SET password_hash = $2, security_epoch = security_epoch + 1, updated_at = $3 WHERE id = $1`,
);

// NO KEY: a session that is being written refers to the user, and must not wait for this and this for it.
const LOCK = statement(
  'user-lock',
  `SELECT security_epoch AS epoch FROM users WHERE id = $1 AND status = 'active' FOR NO KEY UPDATE`,
);

// An address is an account's, or one user's: where several of a server's users share it, it names none of them. Each
// arm of the condition is what one index holds.
const NAMED = statement(
  'user-named',
  `SELECT id, external_id AS "externalId", email, locale, security_epoch AS "securityEpoch",
          password_hash IS NOT NULL AS account
     FROM users
    WHERE application_id = $1 AND status = 'active'
      AND (external_id = $2 OR email = ANY ($3::text[]) AND password_hash IS NOT NULL
                            OR email = ANY ($3::text[]) AND password_hash IS NULL)
    ORDER BY external_id = $2 DESC, password_hash IS NOT NULL DESC
    LIMIT 2`,
);

const BY_EXTERNAL_ID = statement(
  'user-by-external-id',
  `SELECT id, external_id AS "externalId", email, locale, status, role, security_epoch AS "securityEpoch",
          password_hash IS NOT NULL AS "hasPassword"
     FROM users
    WHERE application_id = $1 AND external_id = $2`,
);

// Two first requests for one user make one: the second waits for the first, and finds it.
const INSERT_KNOWN = statement(
  'user-insert-known',
  `INSERT INTO users (id, application_id, external_id, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $4)
   ON CONFLICT (application_id, external_id) DO NOTHING
   RETURNING id`,
);

const SET_STATUS = statement(
  'user-set-status',
  `UPDATE users
      SET status = $2, security_epoch = security_epoch + CASE WHEN $2 = 'suspended' THEN 1 ELSE 0 END,
          updated_at = $3
    WHERE id = $1`,
);

// Whatever the status, unlike LOCK.
const LOCK_ANY = statement(
  'user-lock-any',
  `SELECT id, external_id AS "externalId", email, locale, status, role, security_epoch AS "securityEpoch",
          password_hash IS NOT NULL AS "hasPassword", display_name AS "displayName"
     FROM users
    WHERE id = $1
      FOR NO KEY UPDATE`,
);

const EXTERNAL_IDS = statement(
  'user-external-ids',
  `SELECT id, external_id AS "externalId" FROM users WHERE id = ANY ($1::uuid[])`,
);

const TAKEN_OTHERWISE = statement(
  'user-email-taken-otherwise',
  `SELECT other.id
     FROM users
     JOIN users AS other ON other.application_id = users.application_id AND other.email = ANY ($2::text[])
                        AND other.password_hash IS NOT NULL AND other.id <> users.id
    WHERE users.id = $1 AND users.password_hash IS NOT NULL`,
);

const ANY_ADMIN = statement('user-any-admin', `SELECT id FROM users WHERE role = 'admin' LIMIT 1`);

/** Writes users. */
@Injectable()
export class UserStore {
  readonly #insertAccount: ReturnType<typeof statement>;

  constructor(
    private readonly clock: Clock,
    private readonly events: EventLog,
  ) {
    this.#insertAccount = statement('user-insert-account', insertAccountSql(events));
  }

  /**
   * Makes an account and its event in one statement, the same for an address that is taken: what it costs does not tell.
   * @returns whether the account was made; `false` where the address is taken in this application
   */
  async insertAccount(tx: Tx, account: NewAccount, event: EventDraft): Promise<boolean> {
    const made = await tx.query(this.#insertAccount, [
      account.id,
      account.applicationId,
      account.externalId,
      account.email,
      account.displayName,
      account.locale,
      account.role,
      account.passwordHash,
      this.clock.now(),
      this.events.rowsOf(event),
      otherSpellings(account.email),
      account.mustVerify,
    ]);
    return made.length > 0;
  }

  /** Finds a user by the application's own id for them, compared bytewise. */
  async byExternalId(tx: Tx, applicationId: string, externalId: string): Promise<KnownUser | undefined> {
    // PostgreSQL's texts hold no NUL, and are not even asked for one.
    if (externalId.includes('\0')) return undefined;
    const [user] = await tx.query<KnownUser>(BY_EXTERNAL_ID, [applicationId, externalId]);
    return user;
  }

  /** The applications' own ids of users, by UUID; erased ones are not among them. */
  async externalIds(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map();
    const rows = await tx.query<{ id: string; externalId: string }>(EXTERNAL_IDS, [[...new Set(ids)]]);
    return new Map(rows.map(({ id, externalId }) => [id, externalId]));
  }

  /** Makes a user whom a server knows by an id of its own. @returns whether there was none */
  async insertKnown(tx: Tx, id: string, applicationId: string, externalId: string): Promise<boolean> {
    return (await tx.query(INSERT_KNOWN, [id, applicationId, externalId, this.clock.now()])).length > 0;
  }

  /** Locks a user, suspended ones too, until the transaction ends. */
  async lockAny(tx: Tx, userId: string): Promise<LockedUser | undefined> {
    const [user] = await tx.query<LockedUser>(LOCK_ANY, [userId]);
    return user;
  }

  /** Suspends a user, which ends everything derived from them for good, or lets them in again. */
  async setStatus(tx: Tx, userId: string, status: KnownUser['status']): Promise<void> {
    await tx.query(SET_STATUS, [userId, status, this.clock.now()]);
  }

  /** @returns whether the change was made; `false` where the new address is taken */
  async update(tx: Tx, userId: string, changes: UserChanges): Promise<boolean> {
    if (typeof changes.email === 'string' && (await this.#isTaken(tx, userId, changes.email))) return false;
    const emailChange = changes.email === undefined ? {} : { emailVerifiedAt: null };
    try {
      await tx.manager.update(
        UserEntity,
        { id: userId },
        { ...changes, ...emailChange, updatedAt: this.clock.now() },
      );
      return true;
    } catch (error) {
      if (isUniqueViolation(error, 'users_account_email_key')) return false;
      throw error;
    }
  }

  // The unique index knows the other accounts that are stored in the same spelling.
  async #isTaken(tx: Tx, userId: string, email: string): Promise<boolean> {
    const others = otherSpellings(email);
    return others.length > 0 && (await tx.query(TAKEN_OTHERWISE, [userId, others])).length > 0;
  }

  /** Gives an account a new password, and ends everything that was derived from it. */
  async setPassword(tx: Tx, userId: string, passwordHash: string): Promise<void> {
    await tx.query(SET_PASSWORD, [userId, passwordHash, this.clock.now()]);
  }

  /** Replaces the password hash by one of the same password under newer parameters. */
  async rehash(tx: Tx, userId: string, before: string, after: string): Promise<void> {
    await tx.manager.update(UserEntity, { id: userId, passwordHash: before }, { passwordHash: after });
  }

  /**
   * Makes an account an active administrator with a new password, and ends everything that was derived from it.
   * @param email in any spelling
   * @returns its UUID, the fields that differ now, the password aside, and whether its address was verified before
   */
  async makeAdmin(
    tx: Tx,
    applicationId: string,
    email: string,
    passwordHash: string,
  ): Promise<{ readonly id: string; readonly changed: readonly string[]; readonly verified: boolean }> {
    const [row] = await tx.query<{ id: string; promoted: boolean; reactivated: boolean; verified: boolean }>(
      MAKE_ADMIN,
      [applicationId, emailSpellings(email), passwordHash, this.clock.now()],
    );
    if (row === undefined) throw new Error('The account is gone');
    const { id, promoted, reactivated, verified } = row;
    return { id, changed: [...(promoted ? ['role'] : []), ...(reactivated ? ['status'] : [])], verified };
  }

  /**
   * Ends everything that was derived from the user so far: sessions, devices, challenges, pending factors.
   * @returns the new epoch, for what is to live on
   */
  async bumpEpoch(tx: Tx, userId: string): Promise<number> {
    const [row] = await tx.query<{ epoch: number }>(BUMP_EPOCH, [userId, this.clock.now()]);
    if (row === undefined) throw new Error('The user is gone');
    return row.epoch;
  }

  /**
   * Makes everything that changes a user, or what belongs to one, take turns until the transaction ends.
   * @returns the user's security epoch, to be compared with the one that the request was let in under; `undefined`
   * where there is no such active user any more
   */
  async lock(tx: Tx, userId: string): Promise<number | undefined> {
    const [row] = await tx.query<{ epoch: number }>(LOCK, [userId]);
    return row?.epoch;
  }

  /**
   * Finds the active user that an operator names, by the application's own id or else by the e-mail address.
   * @returns `undefined` where there is none, or where the address is that of several
   */
  async named(tx: Tx, applicationId: string, name: string): Promise<NamedUser | undefined> {
    const [first, second] = await tx.query<NamedUser & { readonly account: boolean }>(NAMED, [
      applicationId,
      name,
      emailSpellings(name),
    ]);
    const ambiguous = second !== undefined && first?.externalId !== name && !first?.account;
    return ambiguous ? undefined : first;
  }

  /** The active administrators of an application, locked until the transaction ends. */
  async lockAdmins(tx: Tx, applicationId: string): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(LOCK_ADMINS, [applicationId]);
    return rows.map((row) => row.id);
  }

  /** Whether the deployment has an administrator at all. */
  async hasAdmin(tx: Tx): Promise<boolean> {
    return (await tx.query(ANY_ADMIN, [])).length > 0;
  }

  /** Removes the user; everything that belongs to it goes with it (foreign keys cascade). */
  async delete(tx: Tx, userId: string): Promise<void> {
    await tx.manager.delete(UserEntity, { id: userId });
  }
}

// $1 id, $2 application, $3 external id, $4 address, $5 display name, $6 locale, $7 role, $8 password hash, $9 now,
// $10 event, $11 other spellings, $12 must verify. Whoever runs the deployment has vouched for its administrators.
function insertAccountSql(events: EventLog): string {
  return `
  WITH account AS (
    INSERT INTO users (id, application_id, external_id, email, email_verified_at, display_name, locale, role,
                       password_hash, must_verify, created_at, updated_at)
    SELECT $1::uuid, $2::uuid, $3, $4, CASE WHEN $7 = 'admin' THEN $9::timestamptz END, $5, $6, $7, $8,
           $12::boolean, $9::timestamptz, $9::timestamptz
     WHERE NOT EXISTS (SELECT FROM users
                        WHERE application_id = $2 AND email = ANY ($11::text[]) AND password_hash IS NOT NULL)
        ON CONFLICT DO NOTHING
    RETURNING id
  ), event AS (
    ${events.insertSql(10, 'EXISTS (SELECT FROM account)')}
  )
  SELECT id FROM account`;
}
