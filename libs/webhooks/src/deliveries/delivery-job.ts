import type { JobOrder, JobPayload, JobQueue } from '@countersign/core';
import type { DeliveryRef } from './delivery.js';
import type { FallenDelivery } from './delivery.store.js';

/** The clock of deliveries: a job is a moment at which one is attempted. The deliveries themselves are in their table. */
export const QUEUE: JobQueue = {
  name: 'webhook-deliveries',
  retryLimit: 10,
  retryDelaySeconds: 5,
  expireInSeconds: 60,
  batchSize: 100,
};

/** Which delivery is due. */
export interface DeliveryJob extends JobPayload {
  readonly deliveryId: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly attempt: number;
  /** How often it was put off because no worker had a hand free. */
  readonly putOffs?: number;
}

/** A delivery for which no worker has a hand free is due again after this time, then twice as long, up to 16 times. */
const FIRST_PUT_OFF_MS = 10_000;
const MOST_DOUBLINGS = 4;

/** The job of a delivery that waits for a worker, behind others of its webhook: those of other webhooks pass by it. */
export function fallenJob({ turn, ...delivery }: FallenDelivery): JobOrder {
  return { payload: payloadOf(delivery), priority: 1 - turn };
}

/** The job of a delivery that is due after some time, or at once. */
export function deliveryJob(delivery: DeliveryRef, delayMs?: number): JobOrder {
  const payload = payloadOf(delivery);
  return delayMs === undefined ? { payload } : { payload, delayMs };
}

/** The job of a delivery that was put off so many times before, later each time: a dead receiver keeps nobody busy. */
export function putOffJob(delivery: DeliveryRef, putOffs: number): JobOrder {
  return {
    payload: { ...payloadOf(delivery), putOffs: putOffs + 1 },
    delayMs: FIRST_PUT_OFF_MS * 2 ** Math.min(putOffs, MOST_DOUBLINGS),
  };
}

function payloadOf({ id, createdAt, attempt }: DeliveryRef): DeliveryJob {
  return { deliveryId: id, createdAt: createdAt.toISOString(), attempt };
}
