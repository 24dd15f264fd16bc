import { Injectable } from '@nestjs/common';
import { Database, EventLog, type Origin } from '@countersign/core';
import { webhookEvent } from '../webhook-event.js';
import { WebhookStore } from '../webhook.store.js';

/** Which webhook goes, and who asks. UUIDs. */
export interface DeleteWebhookInput {
  readonly applicationId: string;
  readonly id: string;
  readonly origin: Origin;
}

/** Removes a webhook. What is on its way to it comes to nothing. */
@Injectable()
export class DeleteWebhook {
  constructor(
    private readonly store: WebhookStore,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /** @returns whether there was one */
  async run({ applicationId, id, origin }: DeleteWebhookInput): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const webhook = await this.store.lock(tx, applicationId, id);
      if (webhook === undefined) return false;
      await this.store.delete(tx, id);
      await this.events.append(tx, webhookEvent('webhook.updated', webhook, origin, { deleted: true }));
      return true;
    });
  }
}
