import type { Statement } from './statement.js';
import type { Tx } from './tx.js';

/** Rows that one statement of a sweep removes: few enough for the time that a statement has. */
const SWEPT_AT_ONCE = 5_000;

/**
 * Removes rows that are no longer needed, batch by batch, however many have gathered.
 *
 * @param statement deletes at most `SWEPT_AT_ONCE` rows (`$2`) that ended before a moment (`$1`), and returns them
 * @returns how many rows went
 */
export async function sweepInBatches(tx: Tx, statement: Statement, before: Date): Promise<void> {
  let batch: number;
  do {
    batch = (await tx.query(statement, [before, SWEPT_AT_ONCE])).length;
  } while (batch === SWEPT_AT_ONCE);
}
