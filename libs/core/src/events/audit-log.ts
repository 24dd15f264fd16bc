import { Injectable } from '@nestjs/common';
import { type Statement, statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';
import { timeOf } from '../ids/new-id.js';
import type { EventType } from './event.js';
import type { RelayedEvent } from './relayed-event.js';

/** Which events, and from where in the list on. UUIDs. */
export interface EventPage {
  readonly applicationId: string;
  readonly type: EventType | undefined;
  readonly userId: string | undefined;
  /** From this moment on. */
  readonly from: Date | undefined;
  /** Before this moment. */
  readonly to: Date | undefined;
  readonly limit: number;
  /** The id of the last event of the page before. */
  readonly after: string | undefined;
}

const NEVER = new Date('9999-12-31T00:00:00.000Z');
const EVER = new Date(0);
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/*
 * Each filter has a statement of its own, because one for all would be planned for none. Every one of them reads an
 * index backwards from where the page begins, and so costs what it shows, however long the log is. The time bounds let
 * PostgreSQL leave out the partitions of other months.
 */
function listOf(name: string, filter: string): Statement {
  return statement(
    `audit-list-${name}`,
    `SELECT id, at, type, application_id AS "applicationId", user_id AS "userId", actor_type AS "actorType",
            actor_id AS "actorId", ip, user_agent AS "userAgent", request_id AS "requestId", data
       FROM events
      WHERE application_id = $1 AND at >= $2 AND at <= $3 AND (at, id) < ($3, $4) ${filter}
      ORDER BY at DESC, id DESC
      LIMIT $5`,
  );
}

const ALL = listOf('all', '');
const OF_TYPE = listOf('type', 'AND type = $6');
const OF_USER = listOf('user', 'AND user_id = $6');
const OF_USER_AND_TYPE = listOf('user-type', 'AND user_id = $6 AND type = $7');

/** Reads the event log as an audit log: newest first, by application. */
@Injectable()
export class AuditLog {
  /** Events of an application. */
  async list(tx: Tx, page: EventPage): Promise<RelayedEvent[]> {
    const { applicationId, type, userId, from = EVER, limit } = page;
    const [before, id] = startOf(page);
    const values = [applicationId, from, before, id, limit];
    if (userId !== undefined && type !== undefined) {
      return tx.query<RelayedEvent>(OF_USER_AND_TYPE, [...values, userId, type]);
    }
    if (userId !== undefined) return tx.query<RelayedEvent>(OF_USER, [...values, userId]);
    if (type !== undefined) return tx.query<RelayedEvent>(OF_TYPE, [...values, type]);
    return tx.query<RelayedEvent>(ALL, values);
  }
}

// The place in the order of (at, id) before which the page lies. An event's id was made of its moment.
function startOf({ to = NEVER, after }: EventPage): [Date, string] {
  const last: [Date, string] | undefined = after === undefined ? undefined : [timeOf(after), after];
  // The smallest id of the moment `to`: nothing of that moment itself.
  const end: [Date, string] = [to, to === NEVER ? LAST_ID : '00000000-0000-0000-0000-000000000000'];
  return last !== undefined && last[0] < end[0] ? last : end;
}
