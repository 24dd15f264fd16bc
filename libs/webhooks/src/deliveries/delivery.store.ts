import { Injectable } from '@nestjs/common';
import { Clock, newId, type RelayedEvent, statement, type Tx } from '@countersign/core';
import type { SealedSecrets } from '../webhook.store.js';
import type { Delivery, DeliveryRef } from './delivery.js';

/** An event that is to go to a webhook. UUIDs. */
export interface NewDelivery {
  readonly webhookId: string;
  readonly event: Pick<RelayedEvent, 'id' | 'at' | 'type'>;
}

/** What an attempt came to. */
export interface DeliveryResult extends DeliveryRef {
  readonly step: number;
  readonly status: Delivery['status'];
  readonly responseStatus: number | null;
  readonly responseExcerpt: string | null;
  readonly error: string | null;
  readonly nextAttemptAt: Date | null;
}

/** A delivery that no worker is sending. */
export interface FallenDelivery extends DeliveryRef {
  /** How many of its webhook stand before it, itself included. */
  readonly turn: number;
}

/** A delivery that was taken up, with its webhook and its event where they are still there. */
export interface TakenDelivery extends SealedSecrets {
  readonly step: number;
  readonly webhookId: string;
  readonly url: string | null;
  readonly webhookStatus: 'enabled' | 'disabled' | null;
  readonly eventId: string;
  readonly eventAt: Date;
  readonly eventType: RelayedEvent['type'];
  readonly userId: string | null;
  readonly data: RelayedEvent['data'] | null;
  readonly externalId: string | null;
}

/** Which webhook's deliveries, newest first, and from where in the list on. */
export interface DeliveryPage {
  readonly webhookId: string;
  readonly limit: number;
  readonly after: string | undefined;
}

const INSERT = statement(
  'webhook-delivery-insert',
  `INSERT INTO webhook_deliveries
          (id, created_at, webhook_id, event_id, event_at, event_type, next_attempt_at, leased_until)
   SELECT id, $2, webhook_id, event_id, event_at, event_type, $2, now() + $3::integer * interval '1 millisecond'
     FROM jsonb_to_recordset($1::jsonb) AS delivery (
          id uuid, webhook_id uuid, event_id uuid, event_at timestamptz, event_type text)`,
);

// A delivery is in the hand of one worker at a time, and of none who counts its attempts otherwise.
const TAKE = statement(
  'webhook-delivery-take',
  `WITH taken AS (
     UPDATE webhook_deliveries AS delivery SET leased_until = now() + $2::integer * interval '1 millisecond'
       FROM jsonb_to_recordset($1::jsonb) AS due (id uuid, created_at timestamptz, attempt integer)
      WHERE delivery.id = due.id AND delivery.created_at = due.created_at AND delivery.attempt = due.attempt
        AND delivery.status = 'pending'
        AND (delivery.leased_until IS NULL OR delivery.leased_until <= now())
     RETURNING delivery.id, delivery.webhook_id, delivery.event_id, delivery.event_at, delivery.event_type,
               delivery.step
   )
   SELECT taken.id, taken.step, taken.webhook_id AS "webhookId", webhook.url, webhook.status AS "webhookStatus",
          webhook.secret, webhook.previous_secret AS "previousSecret",
          webhook.previous_until AS "previousUntil", taken.event_id AS "eventId", taken.event_at AS "eventAt",
          taken.event_type AS "eventType", event.user_id AS "userId", event.data,
          users.external_id AS "externalId"
     FROM taken
     LEFT JOIN webhooks AS webhook ON webhook.id = taken.webhook_id
     LEFT JOIN events AS event ON event.id = taken.event_id AND event.at = taken.event_at
     LEFT JOIN users ON users.id = event.user_id`,
);

const LET_GO = statement(
  'webhook-delivery-let-go',
  `UPDATE webhook_deliveries AS delivery SET leased_until = NULL
     FROM jsonb_to_recordset($1::jsonb) AS held (id uuid, created_at timestamptz, attempt integer)
    WHERE delivery.id = held.id AND delivery.created_at = held.created_at AND delivery.attempt = held.attempt`,
);

const LET_FALL = statement(
  'webhook-delivery-let-fall',
  `UPDATE webhook_deliveries AS delivery SET leased_until = now()
     FROM jsonb_to_recordset($1::jsonb) AS fallen (id uuid, created_at timestamptz, attempt integer)
    WHERE delivery.id = fallen.id AND delivery.created_at = fallen.created_at
      AND delivery.attempt = fallen.attempt AND delivery.leased_until IS NOT NULL`,
);

// What was asked for meanwhile begins afresh, as if its lease had ended.
const SETTLE = statement(
  'webhook-delivery-settle',
  `UPDATE webhook_deliveries AS delivery
      SET attempt = delivery.attempt + 1, again = false,
          step = CASE WHEN delivery.again THEN 0 ELSE result.step END,
          status = CASE WHEN delivery.again THEN 'pending' ELSE result.status END,
          response_status = result.response_status, response_excerpt = result.response_excerpt,
          error = result.error,
          next_attempt_at = CASE WHEN delivery.again THEN now() ELSE result.next_attempt_at END,
          leased_until = CASE WHEN delivery.again THEN now() END
     FROM jsonb_to_recordset($1::jsonb) AS result (
          id uuid, created_at timestamptz, attempt integer, step integer, status text, response_status integer,
          response_excerpt text, error text, next_attempt_at timestamptz)
    WHERE delivery.id = result.id AND delivery.created_at = result.created_at
      AND delivery.attempt = result.attempt AND delivery.status = 'pending'
   RETURNING delivery.id, delivery.leased_until IS NOT NULL AS again`,
);

// The worker that held these has died, or was too slow; or a redelivery was asked for. Of each webhook the first, then of each
// the second: what one has asked for by the thousand does not stand before what another waits for. Several workers look
// at more than they take, so that they do not stand in each other's way.
const EXPIRED = statement(
  'webhook-delivery-expired',
  `UPDATE webhook_deliveries AS delivery SET leased_until = NULL
     FROM (SELECT fallen.id, fallen.created_at, waiting.turn
             FROM (SELECT id, created_at, leased_until,
                          row_number() OVER (PARTITION BY webhook_id ORDER BY leased_until, id) AS turn
                     FROM webhook_deliveries
                    WHERE leased_until <= now()
                    ORDER BY turn, leased_until
                    LIMIT 4 * $1::integer) AS waiting
             JOIN webhook_deliveries AS fallen
               ON fallen.id = waiting.id AND fallen.created_at = waiting.created_at
            WHERE fallen.leased_until <= now()
            ORDER BY waiting.turn, waiting.leased_until
            LIMIT $1
              FOR UPDATE OF fallen SKIP LOCKED) AS due
    WHERE delivery.id = due.id AND delivery.created_at = due.created_at
   RETURNING delivery.id, delivery.created_at AS "createdAt", delivery.attempt, due.turn::integer AS turn`,
);

const LIST = statement(
  'webhook-delivery-list',
  `SELECT id, created_at AS "createdAt", event_id AS "eventId", event_type AS "eventType", attempt, status,
          response_status AS "responseStatus", response_excerpt AS "responseExcerpt", error,
          next_attempt_at AS "nextAttemptAt"
     FROM webhook_deliveries
    WHERE webhook_id = $1 AND id < COALESCE($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    ORDER BY id DESC
    LIMIT $3`,
);

const EXISTS = statement(
  'webhook-delivery-exists',
  `SELECT id FROM webhook_deliveries WHERE webhook_id = $1 AND id = $2`,
);

// As if its lease had ended: a worker takes it up. One that a worker is sending is left there, and
// taken up once it is settled.
const BEGIN_AGAIN = `
      SET again = status = 'pending' AND leased_until > now(),
          leased_until = CASE WHEN status = 'pending' AND leased_until > now() THEN leased_until ELSE now() END,
          status = 'pending', step = 0, error = NULL, next_attempt_at = $3`;

const AGAIN = statement(
  'webhook-delivery-again',
  `UPDATE webhook_deliveries ${BEGIN_AGAIN} WHERE webhook_id = $1 AND id = $2`,
);

const KNOWN = statement(
  'webhook-delivery-known',
  `SELECT event_id AS "eventId" FROM webhook_deliveries WHERE webhook_id = $1 AND event_id = ANY ($2::uuid[])`,
);

const AGAIN_BY_EVENT = statement(
  'webhook-delivery-again-by-event',
  `UPDATE webhook_deliveries ${BEGIN_AGAIN} WHERE webhook_id = $1 AND event_id = ANY ($2::uuid[])`,
);

/** Reads and writes deliveries. Leases go by PostgreSQL's clock: those of instances may differ. */
@Injectable()
export class DeliveryStore {
  constructor(private readonly clock: Clock) {}

  /**
   * Writes deliveries that nobody has attempted.
   * @param leaseMs so long they are in the caller's hand, who attempts them at once; `null` where a job will be made
   */
  async insert(tx: Tx, deliveries: readonly NewDelivery[], leaseMs: number | null): Promise<DeliveryRef[]> {
    const createdAt = this.clock.now();
    const rows = deliveries.map(({ webhookId, event }) => ({
      id: newId(createdAt),
      webhook_id: webhookId,
      event_id: event.id,
      event_at: event.at,
      event_type: event.type,
    }));
    if (rows.length > 0) await tx.query(INSERT, [JSON.stringify(rows), createdAt, leaseMs]);
    return rows.map(({ id }) => ({ id, createdAt, attempt: 0 }));
  }

  /**
   * Takes deliveries in hand, each named once.
   * @returns them in that order; `undefined` for one that is done, in another's hand, or counted otherwise
   */
  async take(
    tx: Tx,
    deliveries: readonly DeliveryRef[],
    leaseMs: number,
  ): Promise<(TakenDelivery | undefined)[]> {
    const rows = await tx.query<TakenDelivery & { readonly id: string }>(TAKE, [refsOf(deliveries), leaseMs]);
    const taken = new Map(rows.map((row) => [row.id, row]));
    return deliveries.map(({ id }) => taken.get(id));
  }

  /** Puts deliveries back that were taken in hand and not attempted. */
  async letGo(tx: Tx, deliveries: readonly DeliveryRef[]): Promise<void> {
    await tx.query(LET_GO, [refsOf(deliveries)]);
  }

  /** Ends the leases of deliveries that were not attempted, so that another worker takes them up at once. */
  async letFall(tx: Tx, deliveries: readonly DeliveryRef[]): Promise<void> {
    if (deliveries.length > 0) await tx.query(LET_FALL, [refsOf(deliveries)]);
  }

  /**
   * Writes what attempts came to.
   * @returns of those that nobody else had settled, whether they were asked for once more meanwhile, by id
   */
  async settle(
    tx: Tx,
    results: readonly DeliveryResult[],
  ): Promise<ReadonlyMap<string, { readonly again: boolean }>> {
    const rows = await tx.query<{ id: string; again: boolean }>(SETTLE, [
      JSON.stringify(
        results.map((result) => ({
          id: result.id,
          created_at: result.createdAt,
          attempt: result.attempt,
          step: result.step,
          status: result.status,
          response_status: result.responseStatus,
          response_excerpt: result.responseExcerpt,
          error: result.error,
          next_attempt_at: result.nextAttemptAt,
        })),
      ),
    ]);
    return new Map(rows.map(({ id, again }) => [id, { again }]));
  }

  /** Takes deliveries out of hands that let them fall; of each webhook its first, then its second, and so on. */
  async expired(tx: Tx, limit: number): Promise<FallenDelivery[]> {
    return tx.query<FallenDelivery>(EXPIRED, [limit]);
  }

  async list(tx: Tx, { webhookId, limit, after }: DeliveryPage): Promise<Delivery[]> {
    return tx.query<Delivery>(LIST, [webhookId, after ?? null, limit]);
  }

  /** Whether a webhook has such a delivery. */
  async exists(tx: Tx, webhookId: string, id: string): Promise<boolean> {
    return (await tx.query(EXISTS, [webhookId, id])).length > 0;
  }

  /** Asks for one more delivery of the same; of one that a worker is sending, once it is settled. */
  async again(tx: Tx, webhookId: string, id: string): Promise<void> {
    await tx.query(AGAIN, [webhookId, id, this.clock.now()]);
  }

  /** Asks for deliveries of events, of those that were delivered before once more. */
  async replay(tx: Tx, webhookId: string, events: readonly NewDelivery['event'][]): Promise<void> {
    const now = this.clock.now();
    const ids = events.map(({ id }) => id);
    const known = new Set(
      (await tx.query<{ eventId: string }>(KNOWN, [webhookId, ids])).map(({ eventId }) => eventId),
    );
    if (known.size > 0) await tx.query(AGAIN_BY_EVENT, [webhookId, [...known], now]);
    const missing = events.filter(({ id }) => !known.has(id)).map((event) => ({ webhookId, event }));
    // At once, by whichever worker looks first.
    await this.insert(tx, missing, 0);
  }
}

function refsOf(deliveries: readonly DeliveryRef[]): string {
  return JSON.stringify(
    deliveries.map(({ id, createdAt, attempt }) => ({ id, created_at: createdAt, attempt })),
  );
}
