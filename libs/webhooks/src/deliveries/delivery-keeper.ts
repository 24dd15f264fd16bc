import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type CoreConfig, Database, Jobs, Rounds } from '@countersign/core';
import { fallenJob, QUEUE } from './delivery-job.js';
import { DeliveryStore } from './delivery.store.js';
import { Replayer } from './replayer.js';

const BATCH = 200;

/**
 * Looks after deliveries that nobody has in hand: those whose worker died, and those that an API process, which has no
 * job engine, has asked for. Each becomes a job, in the transaction that takes its lease away.
 */
@Injectable()
export class DeliveryKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds = new Rounds('Webhooks', {
    failure: 'deliveries could not be looked after',
    everyMs: 1_000,
    run: (stopping) => this.#round(stopping),
  });

  constructor(
    private readonly store: DeliveryStore,
    private readonly replayer: Replayer,
    private readonly jobs: Jobs,
    private readonly database: Database,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api') this.#rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  async #round(stopping: () => boolean): Promise<boolean> {
    if (!this.jobs.ready) return false;
    const replayed = stopping() ? 0 : await this.replayer.round(stopping);
    return (await this.#takeUp()) === BATCH || replayed > 0;
  }

  async #takeUp(): Promise<number> {
    return this.database.transaction(async (tx) => {
      const fallen = await this.store.expired(tx, BATCH);
      if (fallen.length > 0) {
        await this.jobs.enqueue(
          tx,
          QUEUE.name,
          fallen.map((delivery) => fallenJob(delivery)),
        );
      }
      return fallen.length;
    });
  }
}
