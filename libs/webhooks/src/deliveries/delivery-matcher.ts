import { Injectable } from '@nestjs/common';
import type { RelayedEvent, Tx } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { wants } from '../webhook.js';
import { type Subscription, WebhookStore } from '../webhook.store.js';
import type { ToldEvent } from './delivery.js';

/** An event and a webhook that is told of it. */
export interface Match {
  readonly receiver: Subscription;
  readonly event: ToldEvent;
}

/** Finds out which webhooks are told of which events: two statements, however many there are. */
@Injectable()
export class DeliveryMatcher {
  constructor(
    private readonly webhooks: WebhookStore,
    private readonly users: UserStore,
  ) {}

  async match(tx: Tx, events: readonly RelayedEvent[]): Promise<Match[]> {
    const subscriptions = await this.webhooks.subscriptions(
      tx,
      events.map(({ applicationId }) => applicationId),
    );
    const matches = events.flatMap((event) =>
      subscriptions
        .filter((receiver) => receiver.applicationId === event.applicationId && wants(receiver, event))
        .map((receiver) => ({ receiver, event })),
    );
    const names = await this.users.externalIds(
      tx,
      matches.flatMap(({ event }) => (event.userId === null ? [] : [event.userId])),
    );
    return matches.map(({ receiver, event }) => ({
      receiver,
      event: { ...event, externalId: event.userId === null ? null : (names.get(event.userId) ?? null) },
    }));
  }
}
