import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock } from '../clock/clock.js';
import { Database } from '../database/database.js';
import { statement } from '../database/statement.js';

const MONTHS_AHEAD = 2;

const FIND = statement('event-partition-find', 'SELECT to_regclass($1)::text AS oid');

/** Keeps the event log's monthly partitions ready: this month's and the next two. */
@Injectable()
export class EventPartitions {
  readonly #logger = new Logger('EventPartitions');

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
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

  async #create(from: Date, to: Date): Promise<void> {
    const month = from.toISOString().slice(0, 7);
    const table = `events_${month.replace('-', '_')}`;
    try {
      // Creating one locks the whole log for a moment, so it is asked for first.
      const [found] = await this.database.direct.query<{ oid: string | null }>(FIND, [table]);
      if (typeof found?.oid === 'string') return;
      // Identifiers and bounds cannot be parameters here; both come from a date of our own.
      await this.database.direct.manager.query(
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
