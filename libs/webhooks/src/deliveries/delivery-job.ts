import type { JobOrder, JobPayload, JobQueue } from '@countersign/core';
import type { DeliveryRef } from './delivery.js';

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
}

/** The job of a delivery that is due after some time, or at once. */
export function deliveryJob({ id, createdAt, attempt }: DeliveryRef, delayMs?: number): JobOrder {
  const payload: DeliveryJob = { deliveryId: id, createdAt: createdAt.toISOString(), attempt };
  return delayMs === undefined ? { payload } : { payload, delayMs };
}
