import { Injectable } from '@nestjs/common';
import { Database, EventLog, type Origin } from '@countersign/core';
import { TargetPolicy } from '../targets/target-policy.js';
import { webhookEvent } from '../webhook-event.js';
import type { Webhook } from '../webhook.js';
import { type WebhookChanges, WebhookStore } from '../webhook.store.js';

/** Which webhook is to change how. UUIDs. */
export interface ChangeWebhookInput {
  readonly applicationId: string;
  readonly id: string;
  readonly changes: WebhookChanges;
  readonly origin: Origin;
}

/** How it ended. */
export type ChangeWebhookResult =
  | { readonly outcome: 'changed'; readonly webhook: Webhook }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'refused-target'; readonly fault: string };

/** Changes a webhook, or enables one again. */
@Injectable()
export class ChangeWebhook {
  constructor(
    private readonly store: WebhookStore,
    private readonly targets: TargetPolicy,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  async run({ applicationId, id, changes: asked, origin }: ChangeWebhookInput): Promise<ChangeWebhookResult> {
    const target = asked.url === undefined ? undefined : await this.targets.judge(asked.url);
    if (target !== undefined && 'fault' in target) return { outcome: 'refused-target', fault: target.fault };
    const changes = target === undefined ? asked : { ...asked, url: target.url };
    return this.database.transaction(async (tx): Promise<ChangeWebhookResult> => {
      const before = await this.store.lock(tx, applicationId, id);
      if (before === undefined) return { outcome: 'unknown' };
      const fields = Object.keys(changes);
      if (fields.length === 0) return { outcome: 'changed', webhook: before };
      await this.store.change(tx, id, changes);
      await this.events.append(tx, webhookEvent('webhook.updated', before, origin, { fields }));
      return { outcome: 'changed', webhook: { ...before, ...changes } };
    });
  }
}
