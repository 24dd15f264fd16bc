import { Injectable } from '@nestjs/common';
import {
  Clock,
  type EventDraft,
  EventLog,
  type Origin,
  publicId,
  Sealer,
  statement,
  sweepInBatches,
  type Tx,
} from '@countersign/core';
import type { Freshness } from '@countersign/factor-kit';
import { secretPlace } from '../factor.store.js';
import type { SecretWithHint } from '../provider-results.js';

/** Wrong answers in a row that lock a factor. */
const FAILURES_THAT_LOCK = 100;

/** An active factor as a verification loads it, its secret in clear. */
export interface LoadedFactor {
  readonly id: string;
  readonly type: string;
  readonly secret: unknown;
  readonly secretVersion: number;
  readonly watermark: bigint | undefined;
  readonly locked: boolean;
  /** Whether another factor of the user is locked; an accepted answer unlocks it. */
  readonly othersLocked: boolean;
  readonly userStatus: 'active' | 'suspended';
  readonly securityEpoch: number;
  readonly account: string;
  readonly locale: string | null;
  /** Whether the challenge was answered before. */
  readonly challengeSpent: boolean;
}

/** An answer that the provider accepted, to be made final. */
export interface Acceptance {
  readonly factorId: string;
  readonly secretVersion: number;
  readonly securityEpoch: number;
  readonly challengeId: string;
  readonly fresh: Freshness;
  /** The factor's secret after this answer, with its hint, where it changed. */
  readonly replacement: SecretWithHint | undefined;
  readonly events: readonly EventDraft[];
}

/**
 * Whether everything that the acceptance names was still unspent. `stale`: the factor moved on meanwhile (another
 * answer, a new secret, a lock, a new epoch); `token-spent` and `challenge-spent` name the other two.
 */
export type AcceptanceOutcome = 'settled' | 'stale' | 'token-spent' | 'challenge-spent';

/** An answer that was not accepted, to be counted. */
export interface Rejection {
  readonly factorId: string;
  readonly event: EventDraft;
  readonly lockEvent: EventDraft;
}

const LOAD_COLUMNS = `
  SELECT factor.id, factor.type, factor.secret, factor.secret_version AS "secretVersion", factor.watermark,
          factor.locked_at IS NOT NULL AS locked,
          EXISTS (SELECT FROM factors AS other
                   WHERE other.user_id = factor.user_id AND other.id <> factor.id
                     AND other.locked_at IS NOT NULL) AS "othersLocked",
          users.status AS "userStatus", users.security_epoch AS "securityEpoch",
          COALESCE(users.email, users.external_id) AS account, users.locale,
          EXISTS (SELECT FROM spent_challenges WHERE challenge_id = $3) AS "challengeSpent"
     FROM factors AS factor
     JOIN users ON users.id = factor.user_id
    WHERE factor.user_id = $2 AND factor.status = 'active'`;

const LOAD = statement('settlement-load', `${LOAD_COLUMNS} AND factor.id = $1`);

// The array stands behind a SELECT so that PostgreSQL keeps one plan, whatever its length.
const LOAD_SEVERAL = statement(
  'settlement-load-several',
  `${LOAD_COLUMNS} AND factor.id = ANY ((SELECT $1::uuid[])::uuid[])`,
);

type LoadedRow = Omit<LoadedFactor, 'secret' | 'watermark'> & {
  readonly secret: Buffer;
  readonly watermark: string | null;
};

/** Removes what only mattered while its challenge could still be answered. */
const FORGET_CHALLENGES = statement(
  'settlement-forget-challenges',
  `DELETE FROM spent_challenges
    WHERE challenge_id IN (SELECT challenge_id FROM spent_challenges WHERE spent_at < $1 LIMIT $2)
   RETURNING challenge_id`,
);

const CLOSE_CHALLENGE = statement(
  'settlement-close-challenge',
  `INSERT INTO spent_challenges (challenge_id, spent_at) VALUES ($1, $2)`,
);

const IS_SPENT = statement(
  'settlement-is-spent',
  `SELECT challenge_id FROM spent_challenges WHERE challenge_id = $1`,
);

const UNLOCK_OTHERS = statement(
  'settlement-unlock-others',
  `UPDATE factors SET locked_at = NULL, failures = 0
    WHERE user_id = $1 AND id <> $2 AND locked_at IS NOT NULL
   RETURNING id`,
);

/**
 * Makes verdicts final. PostgreSQL decides here, in one statement, whether an answer is still unspent: everything a
 * concurrent request could have changed is compared in the statement that changes it.
 */
@Injectable()
export class SettlementStore {
  readonly #accept: ReturnType<typeof statement>;
  readonly #reject: ReturnType<typeof statement>;

  constructor(
    private readonly clock: Clock,
    private readonly sealer: Sealer,
    private readonly events: EventLog,
  ) {
    this.#accept = statement('settlement-accept', acceptSql(events));
    this.#reject = statement('settlement-reject', rejectSql(events));
  }

  /** Loads an active factor of a user for verification: the one read of a verification. */
  async load(
    tx: Tx,
    userId: string,
    factorId: string,
    challengeId: string,
  ): Promise<LoadedFactor | undefined> {
    const [row] = await tx.query<LoadedRow>(LOAD, [factorId, userId, challengeId]);
    return row && this.#loaded(row);
  }

  /** The same of several of one user, where the answer itself says which of them it is of: still one read. */
  async loadSeveral(
    tx: Tx,
    userId: string,
    factorIds: readonly string[],
    challengeId: string,
  ): Promise<LoadedFactor[]> {
    const rows = await tx.query<LoadedRow>(LOAD_SEVERAL, [factorIds, userId, challengeId]);
    return rows.map((row) => this.#loaded(row));
  }

  /** Spends an accepted answer. Whatever the outcome, nothing that it names can be accepted again. */
  async accept(tx: Tx, acceptance: Acceptance): Promise<AcceptanceOutcome> {
    const { factorId, fresh, replacement } = acceptance;
    const sealed = replacement && this.sealer.sealJson(replacement.secret, secretPlace(factorId));
    const [row] = await tx.query<{ current: boolean; fresh: boolean; open: boolean }>(this.#accept, [
      factorId,
      acceptance.secretVersion,
      acceptance.securityEpoch,
      this.clock.now(),
      typeof fresh === 'object' && 'step' in fresh ? fresh.step.toString() : null,
      sealed ?? null,
      replacement?.hint ?? null,
      typeof fresh === 'object' && 'token' in fresh ? fresh.token : null,
      acceptance.challengeId,
      this.events.rowsOf(...acceptance.events),
    ]);
    if (row === undefined || !row.current) return 'stale';
    if (!row.fresh) return 'token-spent';
    return row.open ? 'settled' : 'challenge-spent';
  }

  /** Counts a rejected answer. @returns whether the factor is locked by it */
  async reject(tx: Tx, { factorId, event, lockEvent }: Rejection): Promise<{ readonly locked: boolean }> {
    const [row] = await tx.query<{ locked: boolean }>(this.#reject, [
      factorId,
      this.clock.now(),
      this.events.rowsOf(event),
      this.events.rowsOf(lockEvent),
    ]);
    return { locked: row?.locked ?? false };
  }

  /** Unlocks the user's other factors: someone who answered this one is no guesser. */
  async unlockOthers(
    tx: Tx,
    owner: { applicationId: string; userId: string },
    factorId: string,
    origin: Origin,
  ): Promise<void> {
    const unlocked = await tx.query<{ id: string }>(UNLOCK_OTHERS, [owner.userId, factorId]);
    if (unlocked.length === 0) return;
    await this.events.append(
      tx,
      ...unlocked.map(({ id }) => ({
        type: 'factor.unlocked' as const,
        ...owner,
        origin,
        data: { factorId: publicId('fac', id), by: publicId('fac', factorId) },
      })),
    );
  }

  /** Closes a new challenge that needs no answer. */
  async closeChallenge(tx: Tx, challengeId: string): Promise<void> {
    await tx.query(CLOSE_CHALLENGE, [challengeId, this.clock.now()]);
  }

  /** Whether a challenge was answered. */
  async isSpent(tx: Tx, challengeId: string): Promise<boolean> {
    return (await tx.query(IS_SPENT, [challengeId])).length > 0;
  }

  /** Forgets challenges that were answered longer ago than this, in milliseconds. */
  async forgetChallenges(tx: Tx, keptMs: number): Promise<void> {
    await sweepInBatches(tx, FORGET_CHALLENGES, this.clock, keptMs);
  }

  #loaded(row: LoadedRow): LoadedFactor {
    return {
      ...row,
      secret: this.sealer.openJson(row.secret, secretPlace(row.id)),
      watermark: row.watermark === null ? undefined : BigInt(row.watermark),
    };
  }
}

// $1 factor, $2 secret version, $3 epoch, $4 now, $5 step, $6 new secret, $7 its hint, $8 token, $9 challenge,
// $10 events. The row lock of the first update makes concurrent answers of one factor take turns; the second then
// sees the first one's watermark.
function acceptSql(events: EventLog): string {
  return `
  WITH factor AS (
    UPDATE factors
       SET watermark = COALESCE($5::bigint, factors.watermark),
           secret = COALESCE($6::bytea, factors.secret),
           -- A hint that tells the device from others of its make stays: its number is not the provider's.
           hint = CASE WHEN factors.identity IS NOT NULL AND starts_with(factors.hint, $7::text || ' (')
                       THEN factors.hint ELSE COALESCE($7::text, factors.hint) END,
           secret_version = factors.secret_version + CASE WHEN $6::bytea IS NULL THEN 0 ELSE 1 END,
           failures = 0,
           last_used_at = $4::timestamptz
      FROM users
     WHERE factors.id = $1
       AND factors.status = 'active'
       AND factors.locked_at IS NULL
       AND factors.secret_version = $2
       AND ($5::bigint IS NULL OR factors.watermark IS NULL OR factors.watermark < $5::bigint)
       AND users.id = factors.user_id
       AND users.status = 'active'
       AND users.security_epoch = $3
    RETURNING factors.id
  ), token AS (
    INSERT INTO spent_tokens (factor_id, token, spent_at)
    SELECT factor.id, $8::text, $4::timestamptz FROM factor WHERE $8::text IS NOT NULL
        ON CONFLICT DO NOTHING
    RETURNING factor_id
  ), challenge AS (
    INSERT INTO spent_challenges (challenge_id, spent_at)
    SELECT $9::uuid, $4::timestamptz FROM factor
        ON CONFLICT DO NOTHING
    RETURNING challenge_id
  ), outcome AS (
    SELECT EXISTS (SELECT FROM factor) AS current,
           $8::text IS NULL OR EXISTS (SELECT FROM token) AS fresh,
           EXISTS (SELECT FROM challenge) AS open
  ), event AS (
    ${events.insertSql(10, '(SELECT current AND fresh AND open FROM outcome)')}
  )
  SELECT current, fresh, open FROM outcome`;
}

// $1 factor, $2 now, $3 event, $4 event of a lock.
function rejectSql(events: EventLog): string {
  return `
  WITH present AS (
    SELECT id FROM factors WHERE id = $1 FOR NO KEY UPDATE
  ), factor AS (
    UPDATE factors
       SET failures = failures + 1,
           locked_at = CASE WHEN failures + 1 >= ${FAILURES_THAT_LOCK} THEN $2::timestamptz END
      FROM present
     WHERE factors.id = present.id AND status = 'active' AND locked_at IS NULL
    RETURNING locked_at IS NOT NULL AS locked
  ), event AS (
    ${events.insertSql(3, 'EXISTS (SELECT FROM present)')}
  ), lock_event AS (
    ${events.insertSql(4, 'EXISTS (SELECT FROM factor WHERE locked)')}
  )
  SELECT locked FROM factor`;
}
