import { Inject, Injectable, Logger } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock } from '../clock/clock.js';
import type { CoreConfig } from '../core.config.js';
import { Database } from '../database/database.js';
import { statement } from '../database/statement.js';

const MONTHS_AHEAD = 2;

const FIND = statement('event-partition-find', 'SELECT to_regclass($1)::text AS oid');

const PARTITIONS = statement(
  'event-partitions',
  // By the database's clock too: one instance whose clock runs ahead must not drop what others still keep.
  `SELECT inhrelid::regclass::text AS name,
          to_char(LEAST($1::timestamptz, now() - $2 * interval '1 millisecond'), 'YYYY-MM') AS oldest
     FROM pg_inherits WHERE inhparent = 'events'::regclass`,
);

/** Keeps the event log's monthly partitions: this month's and the next two are ready, those past retention go. */
@Injectable()
export class EventPartitions {
  readonly #logger = new Logger('EventPartitions');

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  /** Creates the partitions that are missing. Harmless when several instances do it at once. */
  @Cron(CronExpression.EVERY_DAY_AT_3AM)
  async prepare(): Promise<void> {
    const now = this.clock.now();
    for (let ahead = 0; ahead <= MONTHS_AHEAD; ahead += 1) {
      const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead));
      const to = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead + 1));
      await this.#create(from, to);
    }
  }

  /** Drops the partitions of months that ended longer ago than events are kept. */
  @Cron(CronExpression.EVERY_DAY_AT_3AM)
  async retire(): Promise<void> {
    const { eventRetentionMs } = this.config;
    const kept = new Date(this.clock.now().getTime() - eventRetentionMs);
    const partitions = await this.database.direct.query<{ name: string; oldest: string }>(PARTITIONS, [
      kept,
      eventRetentionMs,
    ]);
    for (const { name, oldest } of partitions) {
      const month = /^events_(\d{4})_(\d{2})$/.exec(name);
      if (month === null || `${month[1] ?? ''}-${month[2] ?? ''}` >= oldest) continue;
      await this.#drop(name);
    }
  }

  async #drop(name: string): Promise<void> {
    try {
      await this.#define(`DROP TABLE IF EXISTS ${name}`);
      this.#logger.log(`Dropped ${name}: older than EVENT_RETENTION`);
    } catch (error) {
      // Somebody reads the log, or another worker is at it: tomorrow is early enough.
      this.#logger.warn(`${name} stays for now: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  // Both need the whole log for a moment. Whoever waits for that holds up every event behind it, so we give up soon.
  async #define(sql: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.manager.query(`SET LOCAL lock_timeout = '500ms'`);
      await tx.manager.query(sql);
    });
  }

  async #create(from: Date, to: Date): Promise<void> {
    const month = from.toISOString().slice(0, 7);
    const table = `events_${month.replace('-', '_')}`;
    try {
      // Creating one locks the whole log for a moment, so it is asked for first.
      const [found] = await this.database.direct.query<{ oid: string | null }>(FIND, [table]);
      if (typeof found?.oid === 'string') return;
      // Identifiers and bounds cannot be parameters here; both come from a date of our own.
      await this.#define(
        `CREATE TABLE IF NOT EXISTS ${table} PARTITION OF events
           FOR VALUES FROM ('${from.toISOString()}') TO ('${to.toISOString()}')`,
      );
    } catch (error) {
      // Rows of that month in the default partition, or another instance at the same moment: nothing is lost.
      this.#logger.warn(
        `No partition for ${month}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
