import type { Tx } from '../database/tx.js';

/** A kind of work that is done later, by whichever worker is there. */
export interface JobQueue {
  /** Lower case letters, digits and dashes. */
  readonly name: string;
  /** How often a job that failed is tried again, with pauses that double from `retryDelaySeconds` on. */
  readonly retryLimit: number;
  readonly retryDelaySeconds: number;
  /** After which a job whose worker has fallen silent is tried again. */
  readonly expireInSeconds: number;
  /** How many are taken at once; ten where absent. */
  readonly batchSize?: number;
}

/** Ids and names of kinds only: jobs are kept in clear. */
export type JobPayload = Readonly<Record<string, string | number | boolean | null>>;

/** A job that is to be done. */
export interface JobOrder {
  readonly payload: JobPayload;
  /** Milliseconds that it waits at least, by PostgreSQL's clock: those of instances may differ. */
  readonly delayMs?: number;
  /** Jobs of a higher one are done first; 0 where absent. */
  readonly priority?: number;
}

/** Does one job. When it rejects, the job is tried again. It may be done more than once. */
export type JobHandler<P extends JobPayload> = (payload: P) => Promise<void>;

/** Work that outlives a process: enqueued in a transaction, done at least once, by one worker at a time. */
export abstract class Jobs {
  /** Whether jobs can be enqueued: a worker process whose engine has started. */
  abstract readonly ready: boolean;

  /** Says what a queue is and who does its jobs. Called while modules start; worker processes then begin. */
  abstract define<P extends JobPayload>(queue: JobQueue, handler: JobHandler<P>): void;

  /**
   * Enqueues jobs: they are there once the transaction commits, or never.
   * @throws Error where `ready` is false
   */
  abstract enqueue(tx: Tx, queue: string, jobs: readonly JobOrder[]): Promise<void>;
}
