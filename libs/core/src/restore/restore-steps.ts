import { Injectable } from '@nestjs/common';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';

/** What becomes of what a backup had not sent yet. */
export type Pending = 'drop' | 'send';

/** What is done to a part of the database once a backup was restored, batch by batch. */
export interface RestoreStep {
  /** What it comes to, after a number: "sessions end". */
  readonly what: string;
  /** Steps of a lower order come first. */
  readonly order: number;
  /** Where it is only done if what is pending is dropped. */
  readonly onlyToDrop?: boolean;
  count(tx: Tx): Promise<number>;
  /**
   * Does the next batch.
   * @param after where the batch before has ended
   * @returns how many there were, and where it has ended; nothing of the latter where all is done
   */
  run(tx: Tx, after: string | undefined): Promise<RestoreProgress>;
}

/** How far a step has come. */
export interface RestoreProgress {
  readonly done: number;
  readonly after?: string | undefined;
}

const BATCH = 5_000;

/** What each library does once a backup was restored. */
@Injectable()
export class RestoreSteps {
  readonly #steps: RestoreStep[] = [];

  /** Called while modules start. */
  add(step: RestoreStep): void {
    this.#steps.push(step);
  }

  /** In their order. */
  of(pending: Pending): RestoreStep[] {
    return this.#steps
      .filter(({ onlyToDrop }) => onlyToDrop !== true || pending === 'drop')
      .sort((a, b) => a.order - b.order);
  }
}

/**
 * A step that removes every row of a table.
 * @param table a name of our own, fit to stand in SQL as it is
 */
export function emptying(table: string, what: string, order: number): RestoreStep {
  const counting = statement(`restore-count-${table}`, `SELECT count(*)::integer AS count FROM ${table}`);
  const removal = statement(
    `restore-empty-${table}`,
    `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} LIMIT $1)) RETURNING 1`,
  );
  return {
    what,
    order,
    count: async (tx) => (await tx.query<{ count: number }>(counting, []))[0]?.count ?? 0,
    run: async (tx) => {
      const done = (await tx.query(removal, [BATCH])).length;
      return { done, after: done === BATCH ? table : undefined };
    },
  };
}
