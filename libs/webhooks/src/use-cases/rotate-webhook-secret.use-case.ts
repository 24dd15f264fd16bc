import { Injectable } from '@nestjs/common';
import { Clock, Database, EventLog, type Origin, Secret } from '@countersign/core';
import { newSecret, shownSecret } from '../signing.js';
import { webhookEvent } from '../webhook-event.js';
import type { Webhook } from '../webhook.js';
import { WebhookStore } from '../webhook.store.js';

/** Which webhook gets a new secret. UUIDs. */
export interface RotateWebhookSecretInput {
  readonly applicationId: string;
  readonly id: string;
  readonly origin: Origin;
}

/** So long messages carry a signature by the secret before, too. */
const OVERLAP_MS = 24 * 60 * 60_000;

/** Gives a webhook a new secret. For a day, receivers who know either verify what they get. */
@Injectable()
export class RotateWebhookSecret {
  constructor(
    private readonly store: WebhookStore,
    private readonly events: EventLog,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** @returns `undefined` where there is no such webhook */
  async run({
    applicationId,
    id,
    origin,
  }: RotateWebhookSecretInput): Promise<{ readonly webhook: Webhook; readonly secret: Secret } | undefined> {
    const secret = newSecret();
    return this.database.transaction(async (tx) => {
      const webhook = await this.store.lock(tx, applicationId, id);
      if (webhook === undefined) return undefined;
      await this.store.rotate(tx, id, secret, new Date(this.clock.now().getTime() + OVERLAP_MS));
      await this.events.append(tx, webhookEvent('webhook.updated', webhook, origin, { fields: ['secret'] }));
      return { webhook, secret: new Secret(shownSecret(secret)) };
    });
  }
}
