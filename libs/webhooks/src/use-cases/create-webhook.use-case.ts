import { Injectable } from '@nestjs/common';
import { Clock, Database, EventLog, newId, type Origin, Secret } from '@countersign/core';
import { newSecret, shownSecret } from '../signing.js';
import { TargetPolicy } from '../targets/target-policy.js';
import { webhookEvent } from '../webhook-event.js';
import type { Webhook } from '../webhook.js';
import { WebhookStore } from '../webhook.store.js';

/** Where events are to go, and who asks. */
export interface CreateWebhookInput extends Pick<
  Webhook,
  'applicationId' | 'url' | 'events' | 'description'
> {
  readonly origin: Origin;
}

/** How it ended; the secret is shown this once. */
export type CreateWebhookResult =
  | { readonly outcome: 'created'; readonly webhook: Webhook; readonly secret: Secret }
  /** The URL may not be called; `fault` says why. */
  | { readonly outcome: 'refused-target'; readonly fault: string }
  | { readonly outcome: 'too-many' };

/** Of an application. Each event costs a delivery for each. */
const MOST_WEBHOOKS = 100;

/** Makes a webhook. */
@Injectable()
export class CreateWebhook {
  constructor(
    private readonly store: WebhookStore,
    private readonly targets: TargetPolicy,
    private readonly events: EventLog,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async run({ origin, ...input }: CreateWebhookInput): Promise<CreateWebhookResult> {
    const target = await this.targets.judge(input.url);
    if ('fault' in target) return { outcome: 'refused-target', fault: target.fault };
    const asked = { ...input, url: target.url };
    const createdAt = this.clock.now();
    const webhook: Webhook = { ...asked, id: newId(createdAt), status: 'enabled', createdAt };
    const secret = newSecret();
    return this.database.transaction(async (tx): Promise<CreateWebhookResult> => {
      if ((await this.store.countLocked(tx, asked.applicationId)) >= MOST_WEBHOOKS)
        return { outcome: 'too-many' };
      await this.store.insert(tx, { ...asked, id: webhook.id, secret });
      await this.events.append(tx, webhookEvent('webhook.created', webhook, origin));
      return { outcome: 'created', webhook, secret: new Secret(shownSecret(secret)) };
    });
  }
}
