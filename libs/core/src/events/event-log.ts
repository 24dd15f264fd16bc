import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';
import { newId } from '../ids/new-id.js';
import type { EventDraft, EventType } from './event.js';

/** Acts on an event inside the transaction that writes it: what must hold when the answer leaves. */
export type InTransactionSubscriber = (tx: Tx, event: EventDraft) => Promise<void>;

/** An event, and what it is written because of: a statement that settles many things writes those of some. */
export interface CausedEvent {
  /** A UUID. */
  readonly cause: string;
  readonly event: EventDraft;
}

const COLUMNS = `id, at, application_id, type, user_id, actor_type, actor_id, ip, user_agent, request_id, data`;

// What is recorded after an erasure leaves no trace of the person either. Not an EXISTS: PostgreSQL might read the whole
// table for it.
const ERASED = `COALESCE((SELECT true FROM erasures WHERE erasures.user_id = event.user_id), false)`;

function insertFrom(parameter: number, condition: string): string {
  return `INSERT INTO events (${COLUMNS})
     SELECT id, at, application_id, type, user_id, actor_type, actor_id,
            CASE WHEN ${ERASED} THEN NULL ELSE ip END, CASE WHEN ${ERASED} THEN NULL ELSE user_agent END,
            request_id, data
       FROM jsonb_to_recordset($${parameter}::jsonb) AS event (
            id uuid, at timestamptz, application_id uuid, type text, user_id uuid, actor_type text, actor_id text,
            ip text, user_agent text, request_id text, data jsonb, cause uuid)
      WHERE ${condition}`;
}

const APPEND = statement('event-append', insertFrom(1, 'true'));

/**
 * The audit log and the outbox in one append-only table. An event is written in the transaction of its cause; there
 * is no way to write one outside.
 */
@Injectable()
export class EventLog {
  readonly #subscribers = new Map<EventType, InTransactionSubscriber[]>();

  constructor(private readonly clock: Clock) {}

  /** Subscribes to events inside their transaction. Called while modules start. */
  subscribe(types: readonly EventType[], subscriber: InTransactionSubscriber): void {
    for (const type of types) {
      this.#subscribers.set(type, [...(this.#subscribers.get(type) ?? []), subscriber]);
    }
  }

  /** Writes events and runs their in-transaction subscribers, in order. */
  async append(tx: Tx, ...events: readonly EventDraft[]): Promise<void> {
    await tx.query(APPEND, [this.#json(events)]);
    for (const event of events) {
      for (const subscriber of this.#subscribers.get(event.type) ?? []) await subscriber(tx, event);
    }
  }

  /**
   * The form for stores that settle in one statement: a CTE that writes the events of one parameter.
   *
   * @param parameter the number of the parameter that will hold `rowsOf(…)`
   * @param condition SQL that decides whether the events are written; it may name `event.cause`
   */
  insertSql(parameter: number, condition: string): string {
    return insertFrom(parameter, condition);
  }

  /**
   * The parameter that `insertSql` reads. Such a statement cannot run subscribers, so events that have any are
   * refused.
   */
  rowsOf(...events: readonly EventDraft[]): string {
    this.#withoutSubscribers(events);
    return this.#json(events);
  }

  /** The same, where each event is written because of something else. */
  rowsBecauseOf(caused: readonly CausedEvent[]): string {
    const events = caused.map(({ event }) => event);
    this.#withoutSubscribers(events);
    return this.#json(
      events,
      caused.map(({ cause }) => cause),
    );
  }

  #withoutSubscribers(events: readonly EventDraft[]): void {
    for (const { type } of events) {
      if (this.#subscribers.has(type)) throw new Error(`${type} has in-transaction subscribers: append it`);
    }
  }

  #json(events: readonly EventDraft[], causes: readonly string[] = []): string {
    const at = this.clock.now();
    return JSON.stringify(
      events.map(({ type, applicationId, userId, origin, data }, nth) => ({
        id: newId(at),
        at: at.toISOString(),
        application_id: applicationId,
        type,
        user_id: userId,
        actor_type: origin.actor.type,
        actor_id: origin.actor.id,
        ip: origin.ip,
        user_agent: origin.userAgent,
        request_id: origin.requestId,
        data,
        cause: causes[nth],
      })),
    );
  }
}
