import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type CoreConfig, Database, Jobs } from '@countersign/core';
import { setTimeout as pause } from 'node:timers/promises';
import { deliveryJob, QUEUE } from './delivery-job.js';
import { DeliveryStore } from './delivery.store.js';
import { Replayer } from './replayer.js';

const LOOK_EVERY_MS = 1_000;
const BATCH = 200;

/**
 * Looks after deliveries that nobody has in hand: those whose worker died, and those that an API process, which has no
 * job engine, has asked for. Each becomes a job, in the transaction that takes its lease away.
 */
@Injectable()
export class DeliveryKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('Webhooks');
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: DeliveryStore,
    private readonly replayer: Replayer,
    private readonly jobs: Jobs,
    private readonly database: Database,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api') this.#running = this.#follow();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        if (this.jobs.ready) await this.#look();
      } catch (error) {
        this.#logger.warn(
          `deliveries could not be looked after: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      await pause(LOOK_EVERY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    while (!this.#stop.signal.aborted && (await this.replayer.step()));
    let found: number;
    do found = await this.#takeUp();
    while (!this.#stop.signal.aborted && found === BATCH);
  }

  async #takeUp(): Promise<number> {
    return this.database.transaction(async (tx) => {
      const fallen = await this.store.expired(tx, BATCH);
      if (fallen.length > 0) {
        await this.jobs.enqueue(
          tx,
          QUEUE.name,
          fallen.map((delivery) => deliveryJob(delivery)),
        );
      }
      return fallen.length;
    });
  }
}
