import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { setTimeout as pause } from 'node:timers/promises';
import type { CoreConfig } from '../core.config.js';
import { Database } from '../database/database.js';
import { BATCH_LIMITS } from '../database/time-limits.js';
import type { Tx } from '../database/tx.js';
import { RestoreWatch } from '../restore/restore-watch.js';
import type { EventType } from './event.js';
import type { RelayedEvent } from './relayed-event.js';
import { RelayStore } from './relay.store.js';

/** Somebody who reacts to events after their commit. */
export interface RelaySubscriber {
  /** Its name in `relay_positions`, where a migration has put it. */
  readonly name: string;
  readonly types: readonly EventType[];
  /** Whether it can take events at this moment; they wait for it. */
  readonly ready: () => boolean;
  /**
   * Writes down, in this very transaction, what is to be done, and does nothing outside of it. What it returns runs
   * once the transaction is committed, and never if it is not; it must not keep the relay waiting.
   */
  readonly handle: (tx: Tx, events: readonly RelayedEvent[]) => Promise<AfterCommit>;
  /** How long an event may wait at most until it is looked for, in milliseconds; half a second where absent. */
  readonly longestPauseMs?: number;
}

/** What is begun once a transaction is committed. */
type AfterCommit = (() => void) | void;

/** How many events were handed over, and what follows. */
interface HandedOver {
  readonly moved: number;
  readonly afterCommit?: (() => void) | undefined;
}

const NOTHING: HandedOver = { moved: 0 };

const BATCH = 200;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;
const PAUSE_AFTER_FAILURE_MS = 2_000;

/**
 * Hands committed events on to their subscribers, which worker processes do. Position and reaction commit together, so
 * that each event is taken exactly once, by one worker or another, whenever either is killed; what the reaction then
 * leads to, such as a job, happens at least once. Polls, because LISTEN does not survive poolers.
 */
@Injectable()
export class EventRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('EventRelay');
  readonly #subscribers: RelaySubscriber[] = [];
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: RelayStore,
    private readonly database: Database,
    private readonly restore: RestoreWatch,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  /** Subscribes to events after their commit. Called while modules start. */
  subscribe(subscriber: RelaySubscriber): void {
    this.#subscribers.push(subscriber);
  }

  onApplicationBootstrap(): void {
    if (this.config.role === 'api') return;
    this.#running = Promise.all(this.#subscribers.map((subscriber) => this.#follow(subscriber)));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Hands over what is next for a subscriber. @returns how many events it has moved on by */
  async handOver(subscriber: RelaySubscriber): Promise<number> {
    const { name, types, handle } = subscriber;
    const { due, held } = await this.store.state(this.database.direct, name);
    if (held || this.restore.heldSince !== undefined) await this.restore.look();
    if (!due || this.restore.heldSince !== undefined) return 0;
    const { moved, afterCommit } = await this.database.transaction(async (tx): Promise<HandedOver> => {
      const position = await this.store.claim(tx, name);
      if (position === undefined) return NOTHING;
      const events = await this.store.next(tx, position, BATCH, types);
      const last = events.at(-1);
      if (last === undefined) return NOTHING;
      const wanted = events.filter(({ type }) => types.includes(type));
      const afterCommit = wanted.length > 0 ? ((await handle(tx, wanted)) ?? undefined) : undefined;
      await this.store.advance(tx, name, last);
      return { moved: last.count, afterCommit };
    }, BATCH_LIMITS);
    afterCommit?.();
    return moved;
  }

  async #follow(subscriber: RelaySubscriber): Promise<void> {
    const longestMs = subscriber.longestPauseMs ?? LONGEST_PAUSE_MS;
    const shortestMs = Math.min(SHORTEST_PAUSE_MS, longestMs);
    let pauseMs = shortestMs;
    while (!this.#stop.signal.aborted) {
      try {
        const moved = subscriber.ready() ? await this.handOver(subscriber) : 0;
        pauseMs = moved > 0 ? shortestMs : Math.min(pauseMs * 2, longestMs);
        if (moved === BATCH) continue;
      } catch (error) {
        this.#logger.warn(
          `“${subscriber.name}” could not be handed its events: ${error instanceof Error ? error.message : String(error)}`,
        );
        pauseMs = PAUSE_AFTER_FAILURE_MS;
      }
      await pause(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}
