import { Injectable } from '@nestjs/common';
import { Clock, newId, type RelayedEvent, statement, type Tx } from '@countersign/core';
import type { Wanted } from '../webhook.js';
import { ReplayEntity } from './replay.entity.js';

/** A wish to be told everything again, and what its webhook wants. */
export interface Replay {
  readonly id: string;
  readonly webhookId: string;
  readonly applicationId: string;
  readonly events: readonly Wanted[];
  readonly afterAt: Date;
  readonly afterId: string;
  readonly until: Date;
}

/** Whose turn it may be. */
export interface ReplayTurn {
  /** Applications (UUIDs) that had theirs. */
  readonly except: readonly string[];
  /** So many deliveries that were asked for last may wait for their first attempt. */
  readonly maxWaiting: number;
}

/** An event as far as a replay has to know it. */
export type ReplayedEvent = Pick<RelayedEvent, 'id' | 'at' | 'type' | 'data'>;

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

const CLAIM = statement(
  'webhook-replay-claim',
  `SELECT replay.id, replay.webhook_id AS "webhookId", webhook.application_id AS "applicationId", webhook.events,
          replay.after_at AS "afterAt", replay.after_id AS "afterId", replay.until
     FROM webhook_replays AS replay
     JOIN webhooks AS webhook ON webhook.id = replay.webhook_id
    WHERE webhook.application_id <> ALL ($1::uuid[])
      AND $2 > (SELECT count(*)
                  FROM webhook_deliveries AS delivery
                 WHERE delivery.webhook_id = replay.webhook_id AND delivery.event_id = ANY (replay.batch)
                   AND delivery.status = 'pending' AND delivery.step = 0)
    ORDER BY replay.turn_at NULLS FIRST, replay.id
    LIMIT 1
      FOR UPDATE OF replay SKIP LOCKED`,
);

const NEXT = statement(
  'webhook-replay-next',
  `SELECT id, at, type, data
     FROM events
    WHERE application_id = $1 AND at >= $2 AND at <= $4 AND (at, id) > ($2, $3)
    ORDER BY at, id
    LIMIT $5`,
);

const ADVANCE = statement(
  'webhook-replay-advance',
  `UPDATE webhook_replays SET after_at = $2, after_id = $3, batch = $4, turn_at = now() WHERE id = $1`,
);

// One wish takes in the other: from the earlier of both, to the later.
const WIDEN = statement(
  'webhook-replay-widen',
  `UPDATE webhook_replays
      SET after_id = CASE WHEN $2 <= after_at THEN $3 ELSE after_id END, after_at = LEAST(after_at, $2), until = $4
    WHERE id = (SELECT id FROM webhook_replays WHERE webhook_id = $1 ORDER BY id LIMIT 1)
   RETURNING id`,
);

/** Reads and writes replays. */
@Injectable()
export class ReplayStore {
  constructor(private readonly clock: Clock) {}

  /**
   * Notes the wish; workers see to it, batch by batch. A webhook has one: a further wish widens the one that waits. Call
   * it with the webhook locked.
   */
  async ask(tx: Tx, webhookId: string, since: Date): Promise<void> {
    const until = this.clock.now();
    const widened = await tx.query(WIDEN, [webhookId, since, FIRST_ID, until]);
    if (widened.length > 0) return;
    await tx.manager.insert(ReplayEntity, {
      id: newId(until),
      webhookId,
      afterAt: since,
      afterId: FIRST_ID,
      until,
    });
  }

  /** Takes a replay's turn until the transaction ends; `undefined` where none waits, or others have them all. */
  async claim(tx: Tx, { except, maxWaiting }: ReplayTurn): Promise<Replay | undefined> {
    const [replay] = await tx.query<Replay>(CLAIM, [[...except], maxWaiting]);
    return replay;
  }

  /** The next events, oldest first. */
  async next(tx: Tx, replay: Replay, limit: number): Promise<ReplayedEvent[]> {
    const { applicationId, afterAt, afterId, until } = replay;
    return tx.query<ReplayedEvent>(NEXT, [applicationId, afterAt, afterId, until, limit]);
  }

  /** Moves a replay on. */
  async advance(
    tx: Tx,
    id: string,
    { at, id: eventId }: ReplayedEvent,
    batch: readonly ReplayedEvent[],
  ): Promise<void> {
    await tx.query(ADVANCE, [id, at, eventId, batch.map((event) => event.id)]);
  }

  /** Ends a replay. */
  async delete(tx: Tx, id: string): Promise<void> {
    await tx.manager.delete(ReplayEntity, { id });
  }
}
