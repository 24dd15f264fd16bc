import type { EntityManager } from 'typeorm';
import type { Statement } from './statement.js';

/**
 * What a store runs its SQL on: a transaction, or the pool itself where one statement is a transaction of its own.
 * Stores take it as their first parameter.
 */
export interface Tx {
  /** Runs a named statement and returns its rows. */
  query<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
  /** Runs the SQL of an engine that brings its own, such as the job queue's; nothing of ours. */
  run(text: string, values?: readonly unknown[]): Promise<{ rows: never[] }>;
  /** TypeORM's view of the same connection, for paths that are not hot. */
  readonly manager: EntityManager;
}
