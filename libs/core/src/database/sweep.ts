import type { Clock } from '../clock/clock.js';
import { type Statement, statement } from './statement.js';
import type { Tx } from './tx.js';

/** Rows that one statement of a sweep removes: few enough for the time that a statement has. */
const SWEPT_AT_ONCE = 5_000;

// By the database's clock too: one instance whose clock runs ahead must not remove what the others still need.
const BEFORE = statement(
  'sweep-before',
  `SELECT LEAST($1::timestamptz, now()) - $2::double precision * interval '1 millisecond' AS before`,
);

/**
 * Removes rows that are no longer needed, batch by batch, however many have gathered.
 *
 * @param statement deletes at most `SWEPT_AT_ONCE` rows (`$2`) that ended before a moment (`$1`), and returns them
 * @param keptMs how long rows are kept after they have ended
 */
export async function sweepInBatches(
  tx: Tx,
  statement: Statement,
  clock: Clock,
  keptMs: number,
): Promise<void> {
  const [row] = await tx.query<{ before: Date }>(BEFORE, [clock.now(), keptMs]);
  if (row === undefined) return;
  let batch: number;
  do {
    batch = (await tx.query(statement, [row.before, SWEPT_AT_ONCE])).length;
  } while (batch === SWEPT_AT_ONCE);
}
