import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Clock, publicId } from '@countersign/core';
import { setTimeout as pause } from 'node:timers/promises';
import { signedHeaders } from '../signing.js';
import { type Received, WebhookSender } from '../targets/webhook-sender.js';
import type { DeliveryTask } from './delivery.js';
import type { Attempted } from './delivery-settler.js';
import { Lane } from './lane.js';
import { Leases } from './leases.js';
import { messageOf } from './message.js';
import { Results } from './results.js';
import { RetrySchedule } from './retry-schedule.js';

const MOST_ACTIVE = 256;
const MOST_LANES = 10_000;
/** A process that stops has thirty seconds for everything; receivers get this much of it. */
const LAST_WAIT_MS = 3_000;
const USER_AGENT = 'Countersign-Webhooks/1';

/**
 * Attempts the deliveries that this process has in hand: many at once, few of each webhook, so that one that is dead or
 * slow holds up none of the others.
 */
@Injectable()
export class Dispatcher implements BeforeApplicationShutdown {
  readonly #lanes = new Map<string, Lane>();
  readonly #runnable = new Set<Lane>();
  readonly #attempts = new Set<Promise<void>>();
  #stopping = false;

  constructor(
    private readonly sender: WebhookSender,
    private readonly results: Results,
    private readonly schedule: RetrySchedule,
    private readonly leases: Leases,
    private readonly clock: Clock,
  ) {}

  /** Whether this process is about to end, and takes nothing in hand any more. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** Whether more events can be taken from the log: not while a webhook that keeps up has many before it. */
  get ready(): boolean {
    return !this.#stopping && ![...this.#runnable].some((lane) => lane.congested);
  }

  /** Whether so many deliveries of a webhook can be attempted at once. */
  hasRoom(webhookId: string, more = 1): boolean {
    return !this.#stopping && (this.#lanes.get(webhookId)?.hasRoom(more) ?? true);
  }

  /** Takes deliveries in hand. */
  begin(tasks: readonly DeliveryTask[]): void {
    if (this.#stopping) {
      void this.leases.end(tasks);
      return;
    }
    for (const task of tasks) {
      const lane = this.#lane(task.receiver.id);
      lane.add(task);
      if (lane.runnable) this.#runnable.add(lane);
    }
    this.#pump();
  }

  /** Lets others have what waits, and ends what is under way and answers soon; the rest is left to the end of its lease. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    await this.leases.end([...this.#lanes.values()].flatMap((lane) => lane.drop()));
    const patience = new AbortController();
    await Promise.race([
      Promise.all(this.#attempts),
      pause(LAST_WAIT_MS, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    await this.results.written();
  }

  #lane(webhookId: string): Lane {
    const known = this.#lanes.get(webhookId);
    if (known !== undefined) return known;
    if (this.#lanes.size >= MOST_LANES) {
      for (const [id, lane] of this.#lanes) if (lane.idle) this.#lanes.delete(id);
    }
    const lane = new Lane();
    this.#lanes.set(webhookId, lane);
    return lane;
  }

  #pump(): void {
    for (const lane of this.#runnable) {
      // A turn for each: the lane goes to the end of the set.
      this.#runnable.delete(lane);
      if (this.#stopping || this.#attempts.size >= MOST_ACTIVE) {
        this.#runnable.add(lane);
        return;
      }
      const task = lane.next();
      if (task !== undefined) this.#start(lane, task);
      if (lane.runnable) this.#runnable.add(lane);
    }
  }

  #start(lane: Lane, task: DeliveryTask): void {
    const attempt = this.#attempt(lane, task).finally(() => {
      this.#attempts.delete(attempt);
      if (lane.runnable) this.#runnable.add(lane);
      this.#pump();
    });
    this.#attempts.add(attempt);
  }

  async #attempt(lane: Lane, task: DeliveryTask): Promise<void> {
    if (!this.schedule.hasTime(task)) {
      lane.done(undefined);
      return;
    }
    const begun = performance.now();
    const received = await this.sender.send(this.#message(task));
    const result = this.#result(task, received);
    lane.done({ succeeded: result.status === 'succeeded', ms: performance.now() - begun });
    this.results.add(result);
  }

  #message({ receiver, event }: DeliveryTask): Parameters<WebhookSender['send']>[0] {
    const body = messageOf(event);
    const timestamp = Math.floor(this.clock.now().getTime() / 1_000);
    const id = publicId('evt', event.id);
    return {
      url: receiver.url,
      body,
      headers: {
        'content-type': 'application/json',
        'user-agent': USER_AGENT,
        ...signedHeaders({ id, timestamp, body }, receiver.keys),
      },
    };
  }

  #result({ id, createdAt, attempt, step, receiver }: DeliveryTask, received: Received): Attempted {
    const common = { id, createdAt, attempt, webhookId: receiver.id };
    const answer = received.answered ? received : undefined;
    const told = {
      responseStatus: answer?.status ?? null,
      responseExcerpt: answer?.excerpt ?? null,
    };
    if (answer !== undefined && answer.status >= 200 && answer.status < 300) {
      const done = {
        status: 'succeeded',
        error: null,
        nextAttemptAt: null,
        delayMs: null,
        gone: false,
      } as const;
      return { ...common, ...told, step, ...done };
    }
    const gone = answer?.status === 410;
    const delayMs = gone ? null : this.schedule.pauseMs(step);
    const nextAttemptAt = delayMs === null ? null : new Date(this.clock.now().getTime() + delayMs);
    const error = received.answered ? errorOf(received.status) : received.fault;
    const status = delayMs === null ? 'failed' : 'pending';
    return { ...common, ...told, step: step + 1, status, error, nextAttemptAt, delayMs, gone };
  }
}

function errorOf(status: number): string {
  return status >= 300 && status < 400 ? 'redirect_not_followed' : 'error_status';
}
