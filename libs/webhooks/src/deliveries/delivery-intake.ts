import { Injectable } from '@nestjs/common';
import { Coalescer, Database } from '@countersign/core';
import { WebhookStore } from '../webhook.store.js';
import type { DeliveryRef } from './delivery.js';
import { DeliveryStore, type TakenDelivery } from './delivery.store.js';
import { Dispatcher } from './dispatcher.js';
import { RetrySchedule } from './retry-schedule.js';

/** What became of taking a delivery in hand. */
export type Intake = 'taken' | 'no-room' | 'nothing-to-do';

// A job is one delivery; those of a receiver that was dead for a while come by the hundred.
const MOST = 100;

/** Takes written deliveries in hand: under a lease, one worker at a time. */
@Injectable()
export class DeliveryIntake {
  readonly #taking: Coalescer<DeliveryRef, TakenDelivery | undefined>;
  readonly #lettingGo: Coalescer<DeliveryRef, undefined>;

  constructor(
    private readonly store: DeliveryStore,
    private readonly webhooks: WebhookStore,
    private readonly dispatcher: Dispatcher,
    private readonly schedule: RetrySchedule,
    private readonly database: Database,
  ) {
    // Of two jobs for one delivery, the second finds it in the hand of the first.
    const together = { most: MOST, keyOf: ({ id }: DeliveryRef) => id };
    this.#taking = new Coalescer((due) => store.take(database.direct, due, schedule.leaseMs), together);
    this.#lettingGo = new Coalescer(async (held) => {
      await store.letGo(database.direct, held);
      return held.map(() => undefined);
    }, together);
  }

  async take(delivery: DeliveryRef): Promise<Intake> {
    const heldUntil = this.schedule.heldUntil();
    const taken = await this.#taking.run(delivery);
    if (taken === undefined) return 'nothing-to-do';
    const obstacle = obstacleOf(taken);
    if (obstacle !== undefined) {
      await this.#giveUp(delivery, taken, obstacle);
      return 'nothing-to-do';
    }
    if (this.dispatcher.stopping) {
      await this.store.letFall(this.database.direct, [delivery]);
      return 'nothing-to-do';
    }
    if (!this.dispatcher.hasRoom(taken.webhookId)) {
      await this.#lettingGo.run(delivery);
      return 'no-room';
    }
    const { eventId, eventAt, eventType, userId, externalId, data, url, step, webhookId } = taken;
    this.dispatcher.begin([
      {
        ...delivery,
        step,
        heldUntil,
        receiver: { id: webhookId, url: url ?? '', keys: this.webhooks.keysOf(webhookId, taken) },
        event: { id: eventId, at: eventAt, type: eventType, userId, externalId, data: data ?? {} },
      },
    ]);
    return 'taken';
  }

  async #giveUp(delivery: DeliveryRef, { step }: TakenDelivery, error: string): Promise<void> {
    const nothing = { responseStatus: null, responseExcerpt: null, nextAttemptAt: null };
    await this.store.settle(this.database.direct, [
      { ...delivery, ...nothing, step, status: 'failed', error },
    ]);
  }
}

// Why a delivery can come to nothing any more.
function obstacleOf({ webhookStatus, data }: TakenDelivery): string | undefined {
  if (webhookStatus === null) return 'webhook_deleted';
  if (webhookStatus === 'disabled') return 'webhook_disabled';
  return data === null ? 'event_past_retention' : undefined;
}
