import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock } from '../clock/clock.js';
import { Database } from './database.js';
import { statement } from './statement.js';
import { BATCH_LIMITS } from './time-limits.js';

const MONTHS_AHEAD = 2;

const FIND = statement('partition-find', 'SELECT to_regclass($1)::text AS oid');

const PARTITIONS = statement(
  'partitions-of',
  // By the database's clock too: one instance whose clock runs ahead must not drop what others still keep.
  `SELECT inhrelid::regclass::text AS name,
          to_char(LEAST($1::timestamptz, now() - $2 * interval '1 millisecond'), 'YYYY-MM') AS oldest
     FROM pg_inherits WHERE inhparent = $3::text::regclass`,
);

/** A table that only grows, partitioned by the month of a row. */
export interface MonthlyTable {
  /** A name of our own, fit to stand in SQL as it is. */
  readonly name: string;
  /** Milliseconds that a row is kept. */
  readonly retentionMs: number;
}

/** Keeps tables' monthly partitions: this month's and the next two are ready, those past retention go. */
@Injectable()
export class MonthlyPartitions {
  readonly #logger = new Logger('MonthlyPartitions');
  readonly #tables: MonthlyTable[] = [];

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Takes a table on, and sees to its partitions at once. Called while modules start. */
  async keep(table: MonthlyTable): Promise<void> {
    this.#tables.push(table);
    await this.#prepare(table);
  }

  /** Creates the partitions that are missing. Harmless when several instances do it at once. */
  @Cron(CronExpression.EVERY_DAY_AT_3AM)
  async prepare(): Promise<void> {
    for (const table of this.#tables) await this.#prepare(table);
  }

  /** Drops the partitions of months that ended longer ago than rows are kept. */
  @Cron(CronExpression.EVERY_DAY_AT_3AM)
  async retire(): Promise<void> {
    for (const table of this.#tables) await this.#retire(table);
  }

  async #prepare({ name }: MonthlyTable): Promise<void> {
    const now = this.clock.now();
    for (let ahead = 0; ahead <= MONTHS_AHEAD; ahead += 1) {
      const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead));
      const to = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead + 1));
      await this.#create(name, from, to);
    }
  }

  async #retire({ name, retentionMs }: MonthlyTable): Promise<void> {
    const kept = new Date(this.clock.now().getTime() - retentionMs);
    const partitions = await this.database.direct.query<{ name: string; oldest: string }>(PARTITIONS, [
      kept,
      retentionMs,
      name,
    ]);
    for (const { name: partition, oldest } of partitions) {
      const month = /_(\d{4})_(\d{2})$/.exec(partition);
      if (month === null || `${month[1] ?? ''}-${month[2] ?? ''}` >= oldest) continue;
      await this.#drop(partition);
    }
  }

  async #drop(partition: string): Promise<void> {
    try {
      await this.#define(`DROP TABLE IF EXISTS ${partition}`);
      this.#logger.log(`Dropped ${partition}: older than its retention`);
    } catch (error) {
      // Somebody reads the table, or another worker is at it: tomorrow is early enough.
      this.#logger.warn(
        `${partition} stays for now: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  // Both need the whole table for a moment. Whoever waits for that holds up every row behind it, so we give up soon.
  async #define(sql: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.manager.query(`SET LOCAL lock_timeout = '500ms'`);
      await tx.manager.query(sql);
    }, BATCH_LIMITS);
  }

  async #create(table: string, from: Date, to: Date): Promise<void> {
    const month = from.toISOString().slice(0, 7);
    const partition = `${table}_${month.replace('-', '_')}`;
    try {
      // Creating one locks the whole table for a moment, so it is asked for first.
      const [found] = await this.database.direct.query<{ oid: string | null }>(FIND, [partition]);
      if (typeof found?.oid === 'string') return;
      // Identifiers and bounds cannot be parameters here; the one is ours, the others come from a date of our own.
      await this.#define(
        `CREATE TABLE IF NOT EXISTS ${partition} PARTITION OF ${table}
           FOR VALUES FROM ('${from.toISOString()}') TO ('${to.toISOString()}')`,
      );
    } catch (error) {
      // Rows of that month in the default partition, or another instance at the same moment: nothing is lost.
      this.#logger.warn(
        `No partition of ${table} for ${month}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
