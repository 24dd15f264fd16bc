import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';
import { IS_HERE, numbered } from '../restore/database-origin.store.js';
import type { RelayedEvent } from './relayed-event.js';

/** Where a subscriber is in the log. `tx` is PostgreSQL's bigint. */
export interface RelayPosition {
  readonly tx: string;
  readonly eventId: string;
  /** The oldest transaction that is still under way: what it or a later one writes may be still to come. */
  readonly horizon: string;
}

/** Whether there is something to hand over, and whether nothing may be: a restored backup waits for an operator. */
export interface RelayState {
  readonly due: boolean;
  readonly held: boolean;
}

/** An event with the transaction that wrote it. */
export type LoggedEvent = RelayedEvent & {
  readonly tx: string;
  /** How many events were looked at with it. */
  readonly count: number;
};

// One worker at a time for each subscriber; the others go on to something else. None where a restored backup is held.
const CLAIM = statement(
  'relay-claim',
  `SELECT position.tx::text AS tx, event_id AS "eventId",
          ${numbered('pg_snapshot_xmin(pg_current_snapshot())')}::text AS horizon
     FROM relay_positions AS position
    CROSS JOIN database_origin AS origin
    WHERE subscriber = $1 AND origin.held_since IS NULL AND ${IS_HERE}
      FOR UPDATE OF position SKIP LOCKED`,
);

/**
 * A look that locks nothing: a claim gets a transaction number, and its commit waits for the disk. In order, though any
 * event would do: without, PostgreSQL plans to read partitions whole that were empty when it planned.
 */
export const IS_DUE = statement(
  'relay-is-due',
  `SELECT position.tx >= ${numbered('pg_snapshot_xmax(pg_current_snapshot())')}
          OR origin.held_since IS NOT NULL OR NOT (${IS_HERE}) AS held,
          COALESCE((SELECT true
                      FROM events
                     WHERE (events.tx, events.id) > (position.tx, position.event_id)
                       AND events.tx < ${numbered('pg_snapshot_xmin(pg_current_snapshot())')}
                     ORDER BY events.tx, events.id
                     LIMIT 1), false) AS due
     FROM relay_positions AS position
    CROSS JOIN database_origin AS origin
    WHERE subscriber = $1`,
);

// No bound by time, though it would spare the old partitions a look: a clock that steps back would hide events. Of those
// that nobody wants only the last is read, to go on from.
const NEXT = statement(
  'relay-next',
  `SELECT tx::text AS tx, id, at, type, application_id AS "applicationId", user_id AS "userId",
          actor_type AS "actorType", actor_id AS "actorId", ip, user_agent AS "userAgent",
          request_id AS "requestId", data, count
     FROM (SELECT *, count(*) OVER ()::integer AS count, row_number() OVER (ORDER BY tx DESC, id DESC) AS place
             FROM (SELECT tx, id, at, type, application_id, user_id, actor_type, actor_id, ip, user_agent,
                          request_id, data
                     FROM events
                    WHERE (tx, id) > ($1::bigint, $2::uuid) AND tx < $3::bigint
                    ORDER BY tx, id
                    LIMIT $4) AS next) AS counted
    WHERE type = ANY ($5::text[]) OR place = 1
    ORDER BY counted.tx, id`,
);

const ADVANCE = statement(
  'relay-advance',
  `UPDATE relay_positions SET tx = $2::bigint, event_id = $3, at = $4 WHERE subscriber = $1`,
);

/** Reads the event log on behalf of the relay. */
@Injectable()
export class RelayStore {
  constructor(private readonly clock: Clock) {}

  /** Takes a subscriber's turn until the transaction ends. @returns `undefined` where another worker has it */
  async claim(tx: Tx, subscriber: string): Promise<RelayPosition | undefined> {
    const [position] = await tx.query<RelayPosition>(CLAIM, [subscriber]);
    return position;
  }

  /** Whether there may be something for a subscriber. */
  async state(tx: Tx, subscriber: string): Promise<RelayState> {
    const [state] = await tx.query<RelayState>(IS_DUE, [subscriber]);
    // Without a position or an origin nothing can be claimed; a look at the origin writes it down.
    return state ?? { due: false, held: true };
  }

  /**
   * The events after a position that no transaction under way can come before, in the order of their transactions.
   * @param types those that are wanted; the last one that was looked at is there in any case
   */
  async next(
    tx: Tx,
    position: RelayPosition,
    limit: number,
    types: readonly string[],
  ): Promise<readonly LoggedEvent[]> {
    return tx.query<LoggedEvent>(NEXT, [position.tx, position.eventId, position.horizon, limit, types]);
  }

  /** Moves a subscriber on. */
  async advance(tx: Tx, subscriber: string, { tx: by, id }: { tx: string; id: string }): Promise<void> {
    await tx.query(ADVANCE, [subscriber, by, id, this.clock.now()]);
  }
}
