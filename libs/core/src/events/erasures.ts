import { Injectable } from '@nestjs/common';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';

/**
 * Removes rows that an erased user has left behind and that no foreign key takes along.
 * @returns how many rows went, at most `limit`
 */
export type LeftoverRemoval = (tx: Tx, userId: string, limit: number) => Promise<number>;

/** Rows that one transaction looks at: few enough for the time that a statement has. */
const BATCH = 2_000;

/** Longer than any statement runs that may have begun while the user was still there. */
const SECOND_PASS_AFTER = '1 minute';

/** How long an erased user is remembered: nothing is recorded about one later than this. */
const REMEMBERED = '1 day';

const BEGIN = statement(
  'erasure-begin',
  `INSERT INTO erasures (user_id) VALUES ($1) ON CONFLICT ON CONSTRAINT erasures_pk DO NOTHING`,
);

const CLAIM = statement(
  'erasure-claim',
  `SELECT user_id AS "userId"
     FROM erasures
    WHERE cleared_at IS NULL AND (pass = 1 OR erased_at < now() - interval '${SECOND_PASS_AFTER}')
    ORDER BY erased_at
    LIMIT 1
      FOR UPDATE SKIP LOCKED`,
);

// Looks at the next events in the order of their index, however many of them hold anything: a batch costs the same
// whether it comes first or last. The place stays in SQL, because a Date would round it.
const CLEAR = statement(
  'erasure-clear',
  `WITH place AS (
     SELECT after_at, after_id FROM erasures WHERE user_id = $1
   ), next AS (
     SELECT at, id
       FROM events
      WHERE user_id = $1 AND (at, id) > ((SELECT after_at FROM place), (SELECT after_id FROM place))
      ORDER BY at, id
      LIMIT $2
   ), last AS (
     SELECT at, id FROM next ORDER BY at DESC, id DESC LIMIT 1
   ), cleared AS (
     UPDATE events
        SET ip = NULL, user_agent = NULL
      WHERE user_id = $1
        AND (at, id) > ((SELECT after_at FROM place), (SELECT after_id FROM place))
        AND (at, id) <= ((SELECT at FROM last), (SELECT id FROM last))
        AND (ip IS NOT NULL OR user_agent IS NOT NULL)
   ), pass AS (
     SELECT (SELECT count(*) FROM next) < $2 AND NOT $3::boolean AS ended
   )
   UPDATE erasures
      SET pass = CASE WHEN ended THEN 2 ELSE erasures.pass END,
          cleared_at = CASE WHEN ended AND erasures.pass = 2 THEN now() END,
          after_at = CASE WHEN ended THEN '-infinity' ELSE COALESCE((SELECT at FROM last), after_at) END,
          after_id = CASE WHEN ended THEN '00000000-0000-0000-0000-000000000000'
                          ELSE COALESCE((SELECT id FROM last), after_id) END
     FROM pass
    WHERE user_id = $1`,
);

const FORGET = statement(
  'erasure-forget',
  `DELETE FROM erasures
    WHERE user_id IN (SELECT user_id FROM erasures WHERE cleared_at < now() - interval '${REMEMBERED}' LIMIT $1)
   RETURNING user_id`,
);

/**
 * Clears what erased users have left behind. The user goes at once, with the first batch; the rest follows in batches,
 * each a transaction of its own, by whichever worker is there: the place is kept, so that a killed one loses nothing.
 */
@Injectable()
export class Erasures {
  readonly #removals: LeftoverRemoval[] = [];

  /** Has rows of a lib's own removed, too. Called while modules start. */
  register(removal: LeftoverRemoval): void {
    this.#removals.push(removal);
  }

  /** Begins an erasure, in the transaction that removes the user; for most users it is all that there is to do. */
  async begin(tx: Tx, userId: string): Promise<void> {
    await tx.query(BEGIN, [userId]);
    await this.#clear(tx, userId);
  }

  /** Does the next batch of an erasure that waits. @returns whether there may be more to do now */
  async step(tx: Tx): Promise<boolean> {
    const [open] = await tx.query<{ userId: string }>(CLAIM, []);
    if (open === undefined) return false;
    await this.#clear(tx, open.userId);
    return true;
  }

  /** Forgets erasures that are complete since long ago. */
  async forget(tx: Tx): Promise<void> {
    while ((await tx.query(FORGET, [BATCH])).length === BATCH);
  }

  async #clear(tx: Tx, userId: string): Promise<void> {
    let more = false;
    for (const remove of this.#removals) more = (await remove(tx, userId, BATCH)) === BATCH || more;
    await tx.query(CLEAR, [userId, BATCH, more]);
  }
}
