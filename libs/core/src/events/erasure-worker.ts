import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Cron, CronExpression } from '@nestjs/schedule';
import type { CoreConfig } from '../core.config.js';
import { Database } from '../database/database.js';
import { BATCH_LIMITS } from '../database/time-limits.js';
import { Rounds } from '../jobs/rounds.js';
import { Erasures } from './erasures.js';

/** No request waits for it: the user is gone already. */
const EVERY_MS = 5_000;

/** Completes erasures in worker processes, batch by batch. */
@Injectable()
export class ErasureWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds = new Rounds('Erasures', {
    failure: 'what an erased user left could not be cleared',
    everyMs: EVERY_MS,
    run: () => this.database.transaction((tx) => this.erasures.step(tx), BATCH_LIMITS),
  });

  constructor(
    private readonly erasures: Erasures,
    private readonly database: Database,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api') this.#rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  @Cron(CronExpression.EVERY_HOUR)
  async forget(): Promise<void> {
    await this.erasures.forget(this.database.batches);
  }
}
