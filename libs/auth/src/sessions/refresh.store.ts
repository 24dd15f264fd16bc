import { Injectable } from '@nestjs/common';
import { Clock, statement, type Tx } from '@countersign/core';
import { ACCOUNT_COLUMNS } from '../accounts/account.store.js';
import { MILESTONE_EVERY } from '../tokens/refresh-tokens.js';
import { LIVE, SESSION_COLUMNS, sessionOfAccount, type SessionRow } from './session-columns.js';
import type { SessionOfAccount } from './session.js';

/** A session whose refresh token is not the one presented. */
export interface RefreshState {
  readonly userId: string;
  readonly applicationId: string;
  readonly refreshDigest: Buffer;
  readonly previousDigest: Buffer | null;
  readonly generation: number;
  /** Digests of every so-manyth token since the session began. */
  readonly milestones: readonly Buffer[];
  /** Whether the last rotation is so recent that its answer may have got lost on the way. */
  readonly justRotated: boolean;
  readonly current: SessionOfAccount;
}

/** A refresh token's digest and the one that is to follow it. Ids are UUIDs. */
export interface Rotation {
  readonly sessionId: string;
  /** Where given, the session must be this application's. */
  readonly applicationId: string | undefined;
  readonly presented: Buffer;
  readonly successor: Buffer;
  readonly expiresAt: Date;
}

// How long the token before the one in force is still honoured, with the same successor (security.md, parameters).
const GRACE = `interval '10 seconds'`;

// The database's clock dates rotations, because the instances' own may be many seconds apart.
const ROTATE = statement(
  'refresh-rotate',
  `UPDATE sessions AS session
      SET refresh_digest = $4, previous_digest = $3, generation = session.generation + 1,
          milestones = CASE WHEN (session.generation + 1) % ${MILESTONE_EVERY} = 0
                            THEN session.milestones || $4::bytea ELSE session.milestones END,
          rotated_at = clock_timestamp(), last_used_at = $2, expires_at = LEAST($5::timestamptz, session.ends_at)
     FROM users
    WHERE session.id = $1 AND session.refresh_digest = $3 AND users.id = session.user_id AND ${LIVE}
      AND ($6::uuid IS NULL OR session.application_id = $6)
   RETURNING ${SESSION_COLUMNS}, ${ACCOUNT_COLUMNS}`,
);

const LOOK = statement(
  'refresh-look',
  `SELECT session.refresh_digest AS "refreshDigest", session.previous_digest AS "previousDigest",
          session.generation, session.milestones, session.rotated_at > clock_timestamp() - ${GRACE} AS "justRotated",
          ${SESSION_COLUMNS}, ${ACCOUNT_COLUMNS}
     FROM sessions AS session
     JOIN users ON users.id = session.user_id
    WHERE session.id = $1 AND ${LIVE}`,
);

/** Rotates refresh tokens. */
@Injectable()
export class RefreshStore {
  constructor(private readonly clock: Clock) {}

  /**
   * Puts the successor in the presented token's place.
   * @returns the session, or `undefined` where the presented token is not the one in force
   */
  async rotate(tx: Tx, rotation: Rotation): Promise<SessionOfAccount | undefined> {
    const { sessionId, applicationId, presented, successor, expiresAt } = rotation;
    const values = [sessionId, this.clock.now(), presented, successor, expiresAt, applicationId ?? null];
    const [row] = await tx.query<SessionRow>(ROTATE, values);
    return row && sessionOfAccount(row);
  }

  /** Looks at a live session's tokens. */
  async look(tx: Tx, sessionId: string): Promise<RefreshState | undefined> {
    const [row] = await tx.query<SessionRow & Omit<RefreshState, 'userId' | 'current'>>(LOOK, [
      sessionId,
      this.clock.now(),
    ]);
    if (row === undefined) return undefined;
    const { refreshDigest, previousDigest, generation, milestones, justRotated, ...rest } = row;
    return {
      userId: row.id,
      applicationId: row.applicationId,
      refreshDigest,
      previousDigest,
      generation,
      milestones,
      justRotated,
      current: sessionOfAccount(rest),
    };
  }
}
