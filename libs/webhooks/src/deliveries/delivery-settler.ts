import { Injectable } from '@nestjs/common';
import { Clock, EventLog, Jobs, publicId, SYSTEM_ORIGIN, type Tx } from '@countersign/core';
import { WebhookStore } from '../webhook.store.js';
import { deliveryJob, QUEUE } from './delivery-job.js';
import { type DeliveryResult, DeliveryStore } from './delivery.store.js';

/** What an attempt came to, and what that means for its webhook. */
export interface Attempted extends DeliveryResult {
  readonly webhookId: string;
  /** How long until the next attempt; `null` where there is none. */
  readonly delayMs: number | null;
  /** The receiver has said that it is gone for good (410). */
  readonly gone: boolean;
}

/** So long nothing may have succeeded before a webhook is disabled. */
const FAILING_FOR_MS = 5 * 24 * 60 * 60_000;

/** Makes the results of attempts final: what is tried again, and which webhooks are not told of anything any more. */
@Injectable()
export class DeliverySettler {
  constructor(
    private readonly deliveries: DeliveryStore,
    private readonly webhooks: WebhookStore,
    private readonly events: EventLog,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /** Results and the jobs that follow from them are written together, or not at all. */
  async settle(tx: Tx, results: readonly Attempted[]): Promise<void> {
    const settled = await this.deliveries.settle(tx, results);
    const ours = results.filter(({ id }) => settled.has(id));
    await this.webhooks.succeeded(tx, webhooksOf(ours.filter(({ status }) => status === 'succeeded')));
    const retries = ours.flatMap(({ id, createdAt, attempt, delayMs }) =>
      delayMs === null || settled.get(id)?.again === true
        ? []
        : [deliveryJob({ id, createdAt, attempt: attempt + 1 }, delayMs)],
    );
    if (retries.length > 0) await this.jobs.enqueue(tx, QUEUE.name, retries);
    await this.#disable(
      tx,
      ours.filter(({ status }) => status !== 'succeeded'),
    );
  }

  async #disable(tx: Tx, failures: readonly Attempted[]): Promise<void> {
    const failing = await this.webhooks.failed(tx, webhooksOf(failures));
    const longAgo = this.clock.now().getTime() - FAILING_FOR_MS;
    const gone = new Set(webhooksOf(failures.filter((failure) => failure.gone)));
    const doomed = failing.filter(
      ({ id, failingSince }) => gone.has(id) || failingSince.getTime() <= longAgo,
    );
    const disabled = await this.webhooks.disable(
      tx,
      doomed.map(({ id }) => id),
    );
    if (disabled.length === 0) return;
    await this.events.append(
      tx,
      ...disabled.map(({ id, applicationId }) => ({
        type: 'webhook.disabled' as const,
        applicationId,
        userId: null,
        origin: SYSTEM_ORIGIN,
        data: { webhookId: publicId('whk', id), reason: gone.has(id) ? 'gone' : 'failing' },
      })),
    );
  }
}

function webhooksOf(results: readonly Attempted[]): string[] {
  return [...new Set(results.map(({ webhookId }) => webhookId))];
}
