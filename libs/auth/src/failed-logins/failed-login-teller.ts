import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Cron, CronExpression } from '@nestjs/schedule';
import { type CoreConfig, Database, type EventDraft, EventLog, Rounds } from '@countersign/core';
import { type DueLoginFailures, LoginFailureStore } from './login-failure.store.js';

const EVERY_MS = 2_000;
const BATCH = 200;

/** Writes `login.failed`, in worker processes: one event of an account in 15 minutes, with how many there were. */
@Injectable()
export class FailedLoginTeller implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds = new Rounds('Logins', {
    failure: 'failed logins could not be told',
    everyMs: EVERY_MS,
    run: () => this.step(),
  });

  constructor(
    private readonly failures: LoginFailureStore,
    private readonly events: EventLog,
    private readonly database: Database,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api') this.#rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Tells what is due. @returns whether there may be more */
  async step(): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const due = await this.failures.takeDue(tx, BATCH);
      if (due.length > 0) await this.events.append(tx, ...due.map(loginFailed));
      return due.length === BATCH;
    });
  }

  @Cron(CronExpression.EVERY_HOUR)
  async forget(): Promise<void> {
    while ((await this.failures.forget(this.database.batches, BATCH)) === BATCH);
  }
}

function loginFailed({
  applicationId,
  userId,
  count,
  since,
  until,
  ip,
  userAgent,
}: DueLoginFailures): EventDraft {
  return {
    type: 'login.failed',
    applicationId,
    userId,
    // Who it was is not known.
    origin: { actor: { type: 'user', id: null }, ip, userAgent, requestId: null, sessionId: null },
    data: { count, since: since.toISOString(), until: until.toISOString() },
  };
}
