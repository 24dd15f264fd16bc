import { Injectable } from '@nestjs/common';
import { Database, EventLog, type Origin } from '@countersign/core';
import { webhookEvent } from '../webhook-event.js';
import { WebhookStore } from '../webhook.store.js';

/** Which webhook is tested, and by whom. UUIDs. */
export interface TestWebhookInput {
  readonly applicationId: string;
  readonly id: string;
  readonly origin: Origin;
}

/** How it ended. */
export type TestWebhookResult = 'on-its-way' | 'unknown' | 'disabled';

/** Sends a webhook a message of no consequence, by the way that every event takes. */
@Injectable()
export class TestWebhook {
  constructor(
    private readonly store: WebhookStore,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  async run({ applicationId, id, origin }: TestWebhookInput): Promise<TestWebhookResult> {
    return this.database.transaction(async (tx) => {
      const webhook = await this.store.find(tx, applicationId, id);
      if (webhook === undefined) return 'unknown';
      if (webhook.status === 'disabled') return 'disabled';
      await this.events.append(tx, webhookEvent('webhook.test', webhook, origin));
      return 'on-its-way';
    });
  }
}
