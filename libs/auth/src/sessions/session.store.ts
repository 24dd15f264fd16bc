import { Injectable } from '@nestjs/common';
import {
  Clock,
  Coalescer,
  Database,
  type EventDraft,
  EventLog,
  statement,
  sweepInBatches,
  type Tx,
} from '@countersign/core';
import type { Account } from '../accounts/account.js';
import { ACCOUNT_COLUMNS } from '../accounts/account.store.js';
import type { Session, SessionOfAccount, SessionView } from './session.js';
import { LIVE, SESSION_COLUMNS, sessionOfAccount, type SessionRow } from './session-columns.js';

/** A session about to be written. */
export interface NewSession extends Session {
  readonly applicationId: string;
  readonly userId: string;
  /** The epoch under which the proof was made; compared by the statement that writes the session. */
  readonly securityEpoch: number;
  readonly refreshDigest: Buffer;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly event: EventDraft;
}

/** Whose sessions, and from where in the list on. */
export interface SessionPage {
  readonly userId: string;
  readonly limit: number;
  readonly after: string | undefined;
}

// Far more than a person has in a month.
const MOST_ADDRESSES = 1_000;

// The array stands behind a SELECT so that PostgreSQL keeps one plan, whatever its length.
const FIND_LIVE = statement(
  'session-find-live',
  `SELECT ${SESSION_COLUMNS}, ${ACCOUNT_COLUMNS}
     FROM sessions AS session
     JOIN users ON users.id = session.user_id
    WHERE session.id = ANY ((SELECT $1::uuid[])::uuid[]) AND ${LIVE}`,
);

// How many requests one such statement is for.
const MOST = 50;

const LIST = statement(
  'session-list',
  `SELECT session.id, session.created_at AS "createdAt", session.last_used_at AS "lastUsedAt",
          LEAST(session.expires_at, session.ends_at) AS "expiresAt", session.ip,
          session.user_agent AS "userAgent", session.amr
     FROM sessions AS session
     JOIN users ON users.id = session.user_id
    WHERE session.user_id = $1 AND ${LIVE} AND ($3::uuid IS NULL OR session.id > $3)
    ORDER BY session.id
    LIMIT $4`,
);

// By the session's own columns alone: a comparison with the user's epoch would miss the row while another request
// moves both, because PostgreSQL re-reads only the row that it waited for.
const REVOKE = statement(
  'session-revoke',
  `UPDATE sessions SET revoked_at = $2
    WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND ends_at > $2
      AND ($3::uuid IS NULL OR id = $3) AND ($4::uuid IS NULL OR id <> $4)
   RETURNING id`,
);

const JOIN_EPOCH = statement(
  'session-join-epoch',
  `UPDATE sessions AS session SET security_epoch = users.security_epoch
     FROM users
    WHERE users.id = $1 AND session.user_id = users.id AND session.revoked_at IS NULL
      AND session.security_epoch = users.security_epoch - 1
      AND ($2::uuid IS NULL OR session.id = $2)`,
);

// A refreshed token must not claim a factor that is gone.
const FORGET_SECOND_FACTOR = statement(
  'session-forget-second-factor',
  `UPDATE sessions SET mfa_time = NULL, amr = '{pwd}'
    WHERE user_id = $1 AND revoked_at IS NULL AND mfa_time IS NOT NULL`,
);

// In an order that stays, so that one of several addresses of a network always stands for it.
const ADDRESSES = statement(
  'session-addresses',
  `SELECT DISTINCT ip
     FROM sessions
    WHERE user_id = $1 AND created_at > $2 AND ip IS NOT NULL
    ORDER BY ip
    LIMIT ${MOST_ADDRESSES}`,
);

const SWEEP = statement(
  'session-sweep',
  `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE ends_at < $1 LIMIT $2) RETURNING id`,
);

/** Reads and writes sessions. */
@Injectable()
export class SessionStore {
  readonly #insert: ReturnType<typeof statement>;
  readonly #proveAgain: ReturnType<typeof statement>;
  readonly #live: Coalescer<string, SessionOfAccount | undefined>;

  constructor(
    private readonly clock: Clock,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {
    this.#live = new Coalescer((ids) => this.#findLive(ids), { most: MOST });
    this.#insert = statement('session-insert', insertSql(events));
    this.#proveAgain = statement('session-prove-again', proveAgainSql(events));
  }

  /**
   * Writes a session and its event in one statement.
   * @returns the account as it is now, or `undefined` where the epoch has moved on or the user is suspended
   */
  async insert(tx: Tx, session: NewSession): Promise<Account | undefined> {
    const [account] = await tx.query<Account>(this.#insert, [
      session.id,
      session.applicationId,
      session.userId,
      session.securityEpoch,
      session.refreshDigest,
      session.amr,
      session.authTime,
      session.mfaTime,
      session.ip,
      session.userAgent,
      this.clock.now(),
      session.expiresAt,
      session.endsAt,
      this.events.rowsOf(session.event),
    ]);
    return account;
  }

  /**
   * A session that is alive now, with its account: all that a request with an access token needs. Requests that come at
   * the same time are looked up together.
   */
  findLive(id: string): Promise<SessionOfAccount | undefined> {
    return this.#live.run(id);
  }

  /** Live sessions of a user, oldest first. */
  async list(tx: Tx, { userId, limit, after }: SessionPage): Promise<SessionView[]> {
    return tx.query<SessionView>(LIST, [userId, this.clock.now(), after ?? null, limit]);
  }

  /** Revokes one session of a user, or all but one. @returns the ids of those that had not ended */
  async revoke(
    tx: Tx,
    userId: string,
    which: { only: string } | { allBut: string | null },
  ): Promise<string[]> {
    const only = 'only' in which ? which.only : null;
    const allBut = 'allBut' in which ? which.allBut : null;
    const rows = await tx.query<{ id: string }>(REVOKE, [userId, this.clock.now(), only, allBut]);
    return rows.map((row) => row.id);
  }

  /**
   * Notes a fresh proof and its event in one statement.
   * @returns the session as it is now, or `undefined` where it has ended
   */
  async proveAgain(
    tx: Tx,
    id: string,
    proof: { readonly authTime?: Date; readonly mfaTime?: Date; readonly amr: readonly string[] },
    ...events: readonly EventDraft[]
  ): Promise<SessionOfAccount | undefined> {
    const now = this.clock.now();
    const rows = this.events.rowsOf(...events);
    const values = [id, now, proof.authTime ?? null, proof.mfaTime ?? null, proof.amr, rows];
    const [row] = await tx.query<SessionRow>(this.#proveAgain, values);
    // Asked twice: while another request moves user and session into a new epoch, the first statement sees a mixture.
    const [again] = row === undefined ? await tx.query<SessionRow>(this.#proveAgain, values) : [row];
    return again && sessionOfAccount(again);
  }

  /** Removes sessions that ended longer ago than this, in milliseconds. */
  async sweep(tx: Tx, keptMs: number): Promise<void> {
    await sweepInBatches(tx, SWEEP, this.clock, keptMs);
  }

  /** Lets one session, or all of a user, live on under the epoch that has just begun. */
  async joinEpoch(tx: Tx, userId: string, sessionId: string | null): Promise<void> {
    await tx.query(JOIN_EPOCH, [userId, sessionId]);
  }

  /** Takes a user's sessions back to what the password proved: the second factor that they proved is gone. */
  async forgetSecondFactor(tx: Tx, userId: string): Promise<void> {
    await tx.query(FORGET_SECOND_FACTOR, [userId]);
  }

  /** Addresses from which somebody logged in to the account since a moment, sorted. */
  async addressesSince(tx: Tx, userId: string, since: Date): Promise<string[]> {
    const rows = await tx.query<{ ip: string }>(ADDRESSES, [userId, since]);
    return rows.map((row) => row.ip);
  }

  async #findLive(ids: readonly string[]): Promise<(SessionOfAccount | undefined)[]> {
    const rows = await this.database.direct.query<SessionRow>(FIND_LIVE, [ids, this.clock.now()]);
    const live = new Map(rows.map((row) => [row.sessionId, sessionOfAccount(row)]));
    return ids.map((id) => live.get(id));
  }
}

// $1 id, $2 application, $3 user, $4 epoch, $5 digest, $6 amr, $7 auth time, $8 mfa time, $9 address, $10 user agent,
// $11 now, $12 expires, $13 ends, $14 events.
function insertSql(events: EventLog): string {
  return `
  WITH session AS (
    INSERT INTO sessions (id, application_id, user_id, security_epoch, refresh_digest, amr, auth_time, mfa_time,
                          ip, user_agent, created_at, last_used_at, expires_at, ends_at)
    SELECT $1, $2, users.id, users.security_epoch, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13
      FROM users
     WHERE users.id = $3 AND users.security_epoch = $4 AND users.status = 'active'
       -- A user who is being erased is waited for here, not by the foreign key, which could only fail.
       FOR KEY SHARE
    RETURNING user_id
  ), event AS (
    ${events.insertSql(14, 'EXISTS (SELECT FROM session)')}
  )
  SELECT ${ACCOUNT_COLUMNS}
    FROM users
    JOIN session ON session.user_id = users.id`;
}

// $1 id, $2 now, $3 auth time, $4 mfa time, $5 amr, $6 events.
function proveAgainSql(events: EventLog): string {
  return `
  WITH proven AS (
    UPDATE sessions AS session
       SET auth_time = COALESCE($3, session.auth_time), mfa_time = COALESCE($4, session.mfa_time), amr = $5
      FROM users
     WHERE session.id = $1 AND users.id = session.user_id AND ${LIVE}
    RETURNING ${SESSION_COLUMNS}, ${ACCOUNT_COLUMNS}
  ), event AS (
    ${events.insertSql(6, 'EXISTS (SELECT FROM proven)')}
  )
  SELECT * FROM proven`;
}
