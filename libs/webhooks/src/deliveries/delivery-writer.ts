import { Injectable } from '@nestjs/common';
import { Jobs, type Tx } from '@countersign/core';
import type { DeliveryTask } from './delivery.js';
import { deliveryJob, QUEUE } from './delivery-job.js';
import type { Match } from './delivery-matcher.js';
import { DeliveryStore, type NewDelivery } from './delivery.store.js';
import { RetrySchedule } from './retry-schedule.js';

/** Writes new deliveries: in this worker's hand, or as jobs for whoever has one free. */
@Injectable()
export class DeliveryWriter {
  constructor(
    private readonly store: DeliveryStore,
    private readonly schedule: RetrySchedule,
    private readonly jobs: Jobs,
  ) {}

  /** @returns what is to be attempted once the transaction is committed */
  async inHand(tx: Tx, matches: readonly Match[]): Promise<DeliveryTask[]> {
    // Before the statement, so that what is held here is held there.
    const heldUntil = this.schedule.heldUntil();
    const written = await this.store.insert(tx, matches.map(newDelivery), this.schedule.leaseMs);
    return matches.flatMap(({ receiver, event }, index) => {
      const delivery = written[index];
      return delivery === undefined ? [] : [{ ...delivery, step: 0, receiver, event, heldUntil }];
    });
  }

  /** Puts deliveries off until a worker has a hand free. */
  async asJobs(tx: Tx, matches: readonly Match[]): Promise<void> {
    if (matches.length === 0) return;
    const written = await this.store.insert(tx, matches.map(newDelivery), null);
    await this.jobs.enqueue(
      tx,
      QUEUE.name,
      written.map((delivery) => deliveryJob(delivery)),
    );
  }
}

function newDelivery({ receiver, event }: Match): NewDelivery {
  return { webhookId: receiver.id, event };
}
