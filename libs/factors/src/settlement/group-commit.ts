import { Injectable } from '@nestjs/common';
import {
  Clock,
  Coalescer,
  Database,
  type EventDraft,
  EventLog,
  noting,
  type Statement,
  statement,
} from '@countersign/core';

/** An answer that is spent by its step alone, and by a challenge that only its own request knows. */
export interface SpentStep {
  readonly factorId: string;
  readonly secretVersion: number;
  readonly securityEpoch: number;
  readonly step: bigint;
  readonly event: EventDraft;
}

/**
 * `stale`: the factor moved on meanwhile; `passed-over`: nothing was looked at, because another transaction is at the
 * factor just now, or it is gone.
 */
export type SpentStepOutcome = 'settled' | 'stale' | 'passed-over';

interface Row {
  readonly factorId: string;
  readonly settled: boolean;
}

// A commit waits for the disk, and costs PostgreSQL more than the rows in it.
const MOST = 50;
const GATHER_MS = 1;

/**
 * Spends the answers of many people in one statement, so that those who come together share a commit. For each of them
 * it is the settling statement: whatever a concurrent request could have changed is compared in the statement that
 * changes it, for that factor alone. Nobody waits for a factor that somebody else is at.
 */
@Injectable()
export class GroupCommit {
  readonly #spend: Statement;
  readonly #coalescer: Coalescer<SpentStep, SpentStepOutcome>;

  constructor(
    private readonly database: Database,
    private readonly events: EventLog,
    private readonly clock: Clock,
  ) {
    this.#spend = statement('group-commit', spendSql(events));
    this.#coalescer = new Coalescer((steps) => this.#settle(steps), {
      most: MOST,
      gatherMs: GATHER_MS,
      keyOf: ({ factorId }) => factorId,
    });
  }

  /** Spends an answer, committed when this resolves. */
  spend(step: SpentStep): Promise<SpentStepOutcome> {
    // Whichever request's turn the statement runs in, it writes for each of them.
    return noting(this.#spend, this.#coalescer.run(step));
  }

  async #settle(steps: readonly SpentStep[]): Promise<SpentStepOutcome[]> {
    const rows = await this.database.direct.query<Row>(this.#spend, [
      steps.map(({ factorId }) => factorId),
      steps.map(({ secretVersion }) => secretVersion),
      steps.map(({ securityEpoch }) => securityEpoch),
      steps.map(({ step }) => step.toString()),
      this.clock.now(),
      this.events.rowsBecauseOf(steps.map(({ factorId, event }) => ({ cause: factorId, event }))),
    ]);
    const outcomes = new Map(
      rows.map(({ factorId, settled }) => [factorId, settled ? 'settled' : 'stale'] as const),
    );
    return steps.map(({ factorId }) => outcomes.get(factorId) ?? 'passed-over');
  }
}

// $1 factors, each once, $2 their secret versions, $3 epochs, $4 steps, $5 now, $6 events. The guards are those of the
// settling statement of one answer, and are compared by the update itself: with a row that changed since the snapshot
// PostgreSQL compares them again. Behind a SELECT, the length of an array is nothing to plan by: PostgreSQL would else
// make a new plan for each, which takes twice as long as what is planned.
function spendSql(events: EventLog): string {
  return `
  WITH asked AS (
    SELECT *
      FROM unnest((SELECT $1::uuid[]), (SELECT $2::integer[]), (SELECT $3::integer[]), (SELECT $4::bigint[]))
        AS asked (factor_id, secret_version, security_epoch, step)
  ), locked AS (
    SELECT factors.id FROM factors JOIN asked ON asked.factor_id = factors.id
       FOR NO KEY UPDATE OF factors SKIP LOCKED
  ), settled AS (
    UPDATE factors
       SET watermark = asked.step,
           failures = 0,
           last_used_at = $5::timestamptz
      FROM locked
      JOIN asked ON asked.factor_id = locked.id, users
     WHERE factors.id = locked.id
       AND factors.status = 'active'
       AND factors.locked_at IS NULL
       AND factors.secret_version = asked.secret_version
       AND (factors.watermark IS NULL OR factors.watermark < asked.step)
       AND users.id = factors.user_id
       AND users.status = 'active'
       AND users.security_epoch = asked.security_epoch
    RETURNING factors.id
  ), event AS (
    ${events.insertSql(6, 'event.cause IN (SELECT id FROM settled)')}
  )
  SELECT locked.id AS "factorId", EXISTS (SELECT FROM settled WHERE settled.id = locked.id) AS settled
    FROM locked`;
}
