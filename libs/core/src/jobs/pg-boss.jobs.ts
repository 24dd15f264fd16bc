import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { setTimeout as pause } from 'node:timers/promises';
import type { Job, JobResult, PgBoss } from 'pg-boss';
import type { CoreConfig } from '../core.config.js';
import { insufficientPrivilege } from '../database/database-errors.js';
import { Database } from '../database/database.js';
import { type DatabaseFacts, FACTS, missingRights } from '../database/unusable-database.js';
import type { Tx } from '../database/tx.js';
import { RestoreWatch } from '../restore/restore-watch.js';
import { type JobHandler, type JobOrder, type JobPayload, type JobQueue, Jobs } from './jobs.js';

const SCHEMA = 'pgboss';
const BATCH = 10;
const POLLING_SECONDS = 1;
const START_AGAIN_MS = 2_000;
const STOP_WITHIN_MS = 10_000;

interface Defined {
  readonly queue: JobQueue;
  readonly handler: JobHandler<never>;
}

/**
 * Jobs on pg-boss, in a schema of its own in our database and over our own connection pool. It is loaded by worker
 * processes that have work to do, and by no others.
 */
@Injectable()
export class PgBossJobs extends Jobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('Jobs');
  readonly #defined: Defined[] = [];
  readonly #stop = new AbortController();
  #boss: PgBoss | undefined;
  #starting: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly restore: RestoreWatch,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {
    super();
  }

  override get ready(): boolean {
    return this.#boss !== undefined;
  }

  override define<P extends JobPayload>(queue: JobQueue, handler: JobHandler<P>): void {
    this.#defined.push({ queue, handler });
  }

  override async enqueue(tx: Tx, queue: string, orders: readonly JobOrder[]): Promise<void> {
    if (this.#boss === undefined) throw new Error('The job engine has not started');
    const jobs = orders.map(({ payload: data, delayMs, priority }) => ({
      data,
      ...(priority === undefined ? {} : { priority }),
      // PostgreSQL's own words for a time span.
      ...(delayMs === undefined ? {} : { startAfter: `${delayMs} milliseconds` }),
    }));
    await this.#boss.insert(queue, jobs, { db: { executeSql: (text, values) => tx.run(text, values) } });
  }

  /** Starts in the background: requests need not wait for it, and an outage at the start passes. */
  onApplicationBootstrap(): void {
    if (this.config.role === 'api' || this.#defined.length === 0) return;
    this.restore.whenHeld(() => {
      if (this.#boss !== undefined) this.#starting = this.#startAgain(this.#boss);
    });
    this.#starting = this.#startUntilDone();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#starting;
    await this.#boss?.stop({ graceful: true, timeout: STOP_WITHIN_MS, close: false });
  }

  async #startUntilDone(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        if ((await this.restore.look()) === undefined) {
          this.#boss = await this.#start();
          return;
        }
        await pause(START_AGAIN_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      } catch (error) {
        await this.#tell(error);
        await pause(START_AGAIN_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  // A backup was restored under us: its jobs wait for an operator.
  async #startAgain(boss: PgBoss): Promise<void> {
    this.#boss = undefined;
    await boss.stop({ graceful: true, timeout: STOP_WITHIN_MS, close: false });
    await this.#startUntilDone();
  }

  async #tell(error: unknown): Promise<void> {
    const rights = await this.#missingRights(error).catch(() => undefined);
    if (rights !== undefined) this.#logger.error(`no job is done: ${rights}`);
    else this.#logger.warn(`cannot start yet: ${error instanceof Error ? error.message : String(error)}`);
  }

  async #missingRights(error: unknown): Promise<string | undefined> {
    if (insufficientPrivilege(error) === undefined) return undefined;
    const [facts] = await this.database.direct.manager.query<[DatabaseFacts]>(FACTS);
    return missingRights(error, facts);
  }

  async #start(): Promise<PgBoss> {
    const { PgBoss: Engine } = await import('pg-boss');
    const boss = new Engine({
      schema: SCHEMA,
      db: { executeSql: (text, values) => this.database.direct.run(text, values) },
      // Schedules are Nest's; rebuilding indexes and watching vacuum are the operator's.
      schedule: false,
      reindex: false,
      monitorVacuum: false,
    });
    boss.on('error', (error) => this.#logger.warn(error.message));
    await boss.start();
    for (const { queue, handler } of this.#defined) await this.#work(boss, queue, handler);
    return boss;
  }

  async #work(boss: PgBoss, queue: JobQueue, handler: JobHandler<never>): Promise<void> {
    const { name, retryLimit, retryDelaySeconds: retryDelay, expireInSeconds, batchSize = BATCH } = queue;
    const options = { retryLimit, retryDelay, retryBackoff: true, expireInSeconds };
    await boss.createQueue(name, options);
    await boss.updateQueue(name, options);
    await boss.work(
      name,
      {
        batchSize,
        burstWhenBatchFull: true,
        pollingIntervalSeconds: POLLING_SECONDS,
        perJobResults: true,
      },
      (jobs: Job<never>[]) => Promise.all(jobs.map((job) => this.#do(name, job, handler))),
    );
  }

  async #do(queue: string, job: Job<never>, handler: JobHandler<never>): Promise<JobResult> {
    try {
      await handler(job.data);
      return { id: job.id, status: 'completed' };
    } catch (error) {
      // Its message may quote what the job worked on.
      this.#logger.warn(`${queue} ${job.id} failed (${error instanceof Error ? error.name : typeof error})`);
      return { id: job.id, status: 'failed' };
    }
  }
}
