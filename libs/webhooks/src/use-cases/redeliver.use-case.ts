import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '@countersign/core';
import { DeliveryStore } from '../deliveries/delivery.store.js';
import { ReplayStore } from '../deliveries/replay.store.js';
import type { Webhook } from '../webhook.js';
import { WebhookStore } from '../webhook.store.js';

/** What is to be delivered again: one delivery (UUID), or everything since a moment. */
export interface RedeliverInput {
  readonly applicationId: string;
  readonly webhookId: string;
  readonly what: { readonly deliveryId: string } | { readonly since: Date };
}

/** How it ended. */
export type RedeliverResult =
  | 'on-its-way'
  | 'unknown'
  /** A disabled webhook is told nothing. */
  | 'disabled';

/** Has events delivered again, under the ids that they had. */
@Injectable()
export class Redeliver {
  constructor(
    private readonly webhooks: WebhookStore,
    private readonly deliveries: DeliveryStore,
    private readonly replays: ReplayStore,
    private readonly database: Database,
  ) {}

  async run({ applicationId, webhookId, what }: RedeliverInput): Promise<RedeliverResult> {
    return this.database.transaction(async (tx) => {
      const webhook = await this.#find(tx, { applicationId, webhookId, what });
      if (webhook === undefined) return 'unknown';
      if ('deliveryId' in what && !(await this.deliveries.exists(tx, webhookId, what.deliveryId)))
        return 'unknown';
      if (webhook.status === 'disabled') return 'disabled';
      if ('since' in what) await this.replays.ask(tx, webhookId, what.since);
      else await this.deliveries.again(tx, webhookId, what.deliveryId);
      return 'on-its-way';
    });
  }

  // Two wishes for everything come one after the other, so that the second finds the first.
  #find(tx: Tx, { applicationId, webhookId, what }: RedeliverInput): Promise<Webhook | undefined> {
    return 'since' in what
      ? this.webhooks.lock(tx, applicationId, webhookId)
      : this.webhooks.find(tx, applicationId, webhookId);
  }
}
