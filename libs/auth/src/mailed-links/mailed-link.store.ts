import { Injectable } from '@nestjs/common';
import { Clock, newId, RestoreWatch, statement, sweepInBatches, type Tx } from '@countersign/core';
import type { LinkMailKind } from '@countersign/delivery';
import { emailSpellings } from '@countersign/directory';
import type { Addressee, DueMail, MailRequest, PresentedLink } from './mailed-link.js';

/** So long it is tried to send a mail; links count from when they are sent. */
const TRIED_FOR_MS = 2 * 60 * 60_000;
/** Passwords that may come with one link. */
const MAX_FAILURES = 5;
/** Registrations of one address that wait; the account's own is one of them. */
const MAX_WAITING = 5;

// The database's clock says when a mail is due, because the instances' own may be far apart.
const INSERT = statement(
  'mailed-link-insert',
  `INSERT INTO mailed_links (id, application_id, user_id, kind, email, security_epoch, due_at, created_at, expires_at,
                             password_hash, display_name, locale)
   VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $9 THEN now() END, $7, $8, $10, $11, $12)`,
);

const TAKE_DUE = statement(
  'mailed-link-take-due',
  `UPDATE mailed_links AS link
      SET tries = link.tries + 1, due_at = now() + $2::integer * interval '1 millisecond'
     FROM (SELECT id FROM mailed_links
            WHERE due_at <= now() AND created_at >= COALESCE($3::timestamptz, '-infinity')
            ORDER BY due_at
            LIMIT $1
              FOR UPDATE SKIP LOCKED) AS due
    WHERE link.id = due.id
   RETURNING link.id, link.application_id AS "applicationId", link.user_id AS "userId", link.kind, link.email,
             link.security_epoch AS "securityEpoch", link.tries, link.password_hash IS NOT NULL AS waits, link.locale`,
);

// Who is meant: the user named, as long as nothing has changed; else the account that has the address. An OR, because
// it is found by two indices, and a CASE by none.
const ADDRESSEE = statement(
  'mailed-link-addressee',
  `SELECT id, security_epoch AS "securityEpoch", locale, email_verified_at IS NOT NULL AS "emailVerified",
          second_factor_removed_at IS NOT NULL AS "secondFactorRemoved",
          EXISTS (SELECT FROM factors WHERE factors.user_id = users.id AND factors.is_default) AS "twoFactorEnabled"
     FROM users
    WHERE application_id = $1 AND status = 'active' AND password_hash IS NOT NULL
      AND (($2::uuid IS NULL AND email = ANY ($4::text[])) OR (id = $2 AND security_epoch = $3))
    ORDER BY array_position($4::text[], email)
    LIMIT 1`,
);

const TAKEN = statement(
  'mailed-link-address-taken',
  `SELECT id FROM users
    WHERE application_id = $1 AND email = ANY ($2::text[]) AND password_hash IS NOT NULL AND id <> $3`,
);

const STAMP = statement(
  'mailed-link-stamp',
  `UPDATE mailed_links SET kind = $2, user_id = $3, security_epoch = $4, digest = $5, expires_at = $6 WHERE id = $1`,
);

const SENT = statement('mailed-link-sent', `UPDATE mailed_links SET due_at = NULL WHERE id = $1`);

const AGAIN = statement(
  'mailed-link-again',
  `UPDATE mailed_links SET due_at = now() + $2::integer * interval '1 millisecond' WHERE id = $1`,
);

const DELETE = statement('mailed-link-delete', `DELETE FROM mailed_links WHERE id = $1 RETURNING id`);

const SPEND = statement(
  'mailed-link-spend',
  `DELETE FROM mailed_links WHERE id = $1 AND digest = $2 RETURNING id`,
);

// Claimed before the password is looked at (security.md, rule 2).
const CLAIM_TRY = statement(
  'mailed-link-claim-try',
  `UPDATE mailed_links SET failures = failures + 1
    WHERE id = $1 AND digest = $2 AND failures < ${MAX_FAILURES}
   RETURNING id`,
);

// Ids grow with time. The newest stay: a stranger who registers an address often must not keep its owner out.
const TRIM = statement(
  'mailed-link-trim',
  `DELETE FROM mailed_links
    WHERE id IN (SELECT id FROM mailed_links
                  WHERE user_id = $1 AND kind = 'verify_email' AND password_hash IS NOT NULL
                  ORDER BY id DESC
                 OFFSET ${MAX_WAITING - 1})`,
);

const END_VERIFICATIONS = statement(
  'mailed-link-end-verifications',
  `DELETE FROM mailed_links
    WHERE user_id = $1 AND kind = 'verify_email'
   RETURNING password_hash IS NOT NULL AS waits`,
);

const END_OWN_VERIFICATIONS = statement(
  'mailed-link-end-own-verifications',
  `DELETE FROM mailed_links WHERE user_id = $1 AND kind = 'verify_email' AND password_hash IS NULL`,
);

const DELETE_ALL = statement('mailed-link-delete-all', `DELETE FROM mailed_links WHERE user_id = $1`);

// A verification stands on the address alone: the account's factors may change before it is followed, and what ends it
// removes it. All other links die with the user's epoch.
const FIND = statement(
  'mailed-link-find',
  `SELECT link.id, link.digest, link.kind, link.application_id AS "applicationId", link.user_id AS "userId",
          link.email, link.security_epoch AS "securityEpoch",
          CASE WHEN link.password_hash IS NOT NULL
               THEN jsonb_build_object('passwordHash', link.password_hash, 'displayName', link.display_name,
                                       'locale', link.locale) END AS registration,
          jsonb_build_object('email', users.email, 'emailVerified', users.email_verified_at IS NOT NULL,
                             'displayName', users.display_name, 'passwordHash', users.password_hash) AS account
     FROM mailed_links AS link
     JOIN users ON users.id = link.user_id
    WHERE link.id = $1 AND link.digest = $2 AND link.kind = ANY ($3::text[]) AND link.expires_at > $4
      AND link.failures < ${MAX_FAILURES} AND users.status = 'active'
      AND CASE WHEN link.kind = 'verify_email' THEN users.email_verified_at IS NULL
               ELSE users.security_epoch = link.security_epoch END`,
);

const DROP = statement(
  'mailed-link-drop',
  `DELETE FROM mailed_links WHERE user_id = $1 AND kind = ANY ($2::text[])`,
);

const SWEEP = statement(
  'mailed-link-sweep',
  `DELETE FROM mailed_links
    WHERE id IN (SELECT id FROM mailed_links WHERE expires_at < $1 LIMIT $2)
   RETURNING id`,
);

/** Reads and writes mails about addresses and passwords. */
@Injectable()
export class MailedLinkStore {
  constructor(
    private readonly clock: Clock,
    private readonly restore: RestoreWatch,
  ) {}

  /**
   * Asks for a mail.
   * @param due `false` for one that is only written down, so that it takes as long as one that is sent
   */
  async insert(
    tx: Tx,
    { applicationId, kind, email, user, registration }: MailRequest,
    due: boolean,
  ): Promise<void> {
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + (due ? TRIED_FOR_MS : 0));
    const { id: userId = null, securityEpoch = null } = user ?? {};
    const { passwordHash = null, displayName = null, locale = null } = registration ?? {};
    await tx.query(INSERT, [
      newId(now),
      applicationId,
      userId,
      kind,
      email,
      securityEpoch,
      now,
      expiresAt,
      due,
      passwordHash,
      displayName,
      locale,
    ]);
  }

  /**
   * Takes mails that are due. After `leaseMs` another worker may have them. Where a backup was restored, only
   * what was asked for since: the rest may have been sent before.
   */
  async takeDue(tx: Tx, limit: number, leaseMs: number): Promise<DueMail[]> {
    return tx.query<DueMail>(TAKE_DUE, [limit, leaseMs, this.restore.heldSince ?? null]);
  }

  /** @returns `undefined` where there is nobody to write to, or no longer a reason to */
  async addressee(tx: Tx, mail: DueMail): Promise<Addressee | undefined> {
    const { applicationId, userId, securityEpoch, email } = mail;
    const [user] = await tx.query<Addressee>(ADDRESSEE, [
      applicationId,
      userId,
      securityEpoch,
      emailSpellings(email),
    ]);
    return user;
  }

  /** Whether an address is another account's. */
  async isTaken(tx: Tx, applicationId: string, email: string, userId: string): Promise<boolean> {
    return (await tx.query(TAKEN, [applicationId, emailSpellings(email), userId])).length > 0;
  }

  /** Gives a mail its token, before it is sent. */
  async stamp(
    tx: Tx,
    { id, kind }: Pick<DueMail, 'id' | 'kind'>,
    { id: userId, securityEpoch }: Addressee,
    token: { readonly digest: Buffer; readonly expiresAt: Date },
  ): Promise<void> {
    await tx.query(STAMP, [id, kind, userId, securityEpoch, token.digest, token.expiresAt]);
  }

  /** Notes that a mail left. */
  async sent(tx: Tx, id: string): Promise<void> {
    await tx.query(SENT, [id]);
  }

  /** Puts a mail off that did not leave. */
  async again(tx: Tx, id: string, afterMs: number): Promise<void> {
    await tx.query(AGAIN, [id, afterMs]);
  }

  /** Removes one. */
  async delete(tx: Tx, id: string): Promise<void> {
    await tx.query(DELETE, [id]);
  }

  /** Removes one that came back. @returns whether it was there: of two who spend a link at once, it is for one */
  async spend(tx: Tx, { id, digest }: Pick<PresentedLink, 'id' | 'digest'>): Promise<boolean> {
    return (await tx.query(SPEND, [id, digest])).length > 0;
  }

  /** Claims one of the passwords that may come with a link. @returns `false` where none is left */
  async claimTry(tx: Tx, { id, digest }: Pick<PresentedLink, 'id' | 'digest'>): Promise<boolean> {
    return (await tx.query(CLAIM_TRY, [id, digest])).length > 0;
  }

  /** Keeps the newest of the registrations that wait for an account's address. */
  async trim(tx: Tx, userId: string): Promise<void> {
    await tx.query(TRIM, [userId]);
  }

  /** Removes every link that verifies an account's address. @returns how many registrations waited */
  async endVerifications(tx: Tx, userId: string): Promise<number> {
    const rows = await tx.query<{ waits: boolean }>(END_VERIFICATIONS, [userId]);
    return rows.filter(({ waits }) => waits).length;
  }

  /** Removes those that count with the account's own password. */
  async endOwnVerifications(tx: Tx, userId: string): Promise<void> {
    await tx.query(END_OWN_VERIFICATIONS, [userId]);
  }

  /** Removes every link of a user. */
  async deleteAll(tx: Tx, userId: string): Promise<void> {
    await tx.query(DELETE_ALL, [userId]);
  }

  /** Finds a link that still stands, with its user as they are now. */
  async find(
    tx: Tx,
    id: string,
    digest: Buffer,
    kinds: readonly LinkMailKind[],
  ): Promise<PresentedLink | undefined> {
    const [link] = await tx.query<PresentedLink>(FIND, [id, digest, kinds, this.clock.now()]);
    return link;
  }

  /** Removes a user's links of some kinds. */
  async drop(tx: Tx, userId: string, kinds: readonly LinkMailKind[]): Promise<void> {
    await tx.query(DROP, [userId, kinds]);
  }

  /** Removes those that have been over for longer than this, in milliseconds. */
  async sweep(tx: Tx, keptMs: number): Promise<void> {
    await sweepInBatches(tx, SWEEP, this.clock, keptMs);
  }
}
