import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EVENT_TYPES, EventRelay, Jobs, type RelayedEvent, type Tx } from '@countersign/core';
import { DeliveryMatcher, type Match } from './delivery-matcher.js';
import { DeliveryWriter } from './delivery-writer.js';
import { Dispatcher } from './dispatcher.js';

/** With this, half of all events are on their way within a few hundredths of a second. */
const LONGEST_PAUSE_MS = 40;

/**
 * Takes events from the log as deliveries. The first attempt follows the commit at once; where a webhook does not keep
 * up, a job stands in for it.
 */
@Injectable()
export class WebhookRelay implements OnModuleInit {
  constructor(
    private readonly relay: EventRelay,
    private readonly matcher: DeliveryMatcher,
    private readonly writer: DeliveryWriter,
    private readonly dispatcher: Dispatcher,
    private readonly jobs: Jobs,
  ) {}

  onModuleInit(): void {
    this.relay.subscribe({
      name: 'webhooks',
      types: EVENT_TYPES,
      ready: () => this.jobs.ready && this.dispatcher.ready,
      longestPauseMs: LONGEST_PAUSE_MS,
      handle: (tx, events) => this.#take(tx, events),
    });
  }

  async #take(tx: Tx, events: readonly RelayedEvent[]): Promise<() => void> {
    const matches = await this.matcher.match(tx, events);
    const counts = new Map<string, number>();
    const [now, later]: [Match[], Match[]] = [[], []];
    for (const match of matches) {
      const { id } = match.receiver;
      const count = (counts.get(id) ?? 0) + 1;
      counts.set(id, count);
      (this.dispatcher.hasRoom(id, count) ? now : later).push(match);
    }
    const tasks = await this.writer.inHand(tx, now);
    await this.writer.asJobs(tx, later);
    return () => this.dispatcher.begin(tasks);
  }
}
