import { Injectable } from '@nestjs/common';
import { statement, type Tx } from '@countersign/core';

/** Failed logins of one account, counted together. */
export interface LoginFailures {
  /** UUID; of no user where the address is no account's. */
  readonly userId: string;
  readonly count: number;
  /** Where the last one came from. */
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** The same, of an account that there is, with when the first and the last of them were. */
export interface DueLoginFailures extends LoginFailures {
  readonly applicationId: string;
  readonly since: Date;
  readonly until: Date;
}

/** Failures that come together are told together. */
const GATHERED_FOR = '3 seconds';

/** There is one event of an account in this time. */
const WINDOW = '15 minutes';

// In an order, so that two instances that write the same accounts do not wait for each other. A user who is being erased
// is waited for here, not by the foreign key, which could only fail.
const ADD = statement(
  'login-failures-add',
  `INSERT INTO login_failures AS known (user_id, count, since, until, ip, user_agent, due_at)
   SELECT users.id, failed.count, now(), now(), failed.ip, failed.user_agent, now() + interval '${GATHERED_FOR}'
     FROM jsonb_to_recordset($1::jsonb) AS failed (user_id uuid, count integer, ip text, user_agent text)
     JOIN users ON users.id = failed.user_id
    ORDER BY users.id
      FOR KEY SHARE OF users
   ON CONFLICT ON CONSTRAINT login_failures_pk DO UPDATE
      SET count = known.count + excluded.count,
          since = CASE WHEN known.due_at IS NULL THEN excluded.since ELSE known.since END,
          until = excluded.until, ip = excluded.ip, user_agent = excluded.user_agent,
          due_at = COALESCE(known.due_at, GREATEST(excluded.due_at, known.told_at + interval '${WINDOW}'))`,
);

const TAKE_DUE = statement(
  'login-failures-take-due',
  `WITH due AS (
     SELECT user_id, count, since, until, ip, user_agent
       FROM login_failures
      WHERE due_at <= now()
      ORDER BY due_at
      LIMIT $1
        FOR UPDATE SKIP LOCKED
   ), told AS (
     UPDATE login_failures
        SET count = 0, ip = NULL, user_agent = NULL, due_at = NULL, told_at = now()
      WHERE user_id IN (SELECT user_id FROM due)
   )
   SELECT due.user_id AS "userId", users.application_id AS "applicationId", due.count, due.since, due.until, due.ip,
          due.user_agent AS "userAgent"
     FROM due
     JOIN users ON users.id = due.user_id`,
);

const FORGET = statement(
  'login-failures-forget',
  `DELETE FROM login_failures
    WHERE user_id IN (SELECT user_id FROM login_failures
                       WHERE due_at IS NULL AND told_at < now() - interval '${WINDOW}' LIMIT $1
                         FOR UPDATE SKIP LOCKED)
   RETURNING user_id`,
);

/** Reads and writes counts of failed logins. */
@Injectable()
export class LoginFailureStore {
  /** Adds to what is to be told; of accounts that there are not, nothing is kept. */
  async add(tx: Tx, failures: readonly LoginFailures[]): Promise<void> {
    const rows = failures.map(({ userId, count, ip, userAgent }) => ({
      user_id: userId,
      count,
      ip,
      user_agent: userAgent,
    }));
    await tx.query(ADD, [JSON.stringify(rows)]);
  }

  /** Takes what is due: in this transaction it is told, or stays due. */
  async takeDue(tx: Tx, limit: number): Promise<DueLoginFailures[]> {
    return tx.query<DueLoginFailures>(TAKE_DUE, [limit]);
  }

  /** Forgets accounts of which there is nothing to tell. @returns how many, at most `limit` */
  async forget(tx: Tx, limit: number): Promise<number> {
    return (await tx.query(FORGET, [limit])).length;
  }
}
