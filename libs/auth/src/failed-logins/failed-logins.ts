import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Database, type Origin, unwatched } from '@countersign/core';
import { type LoginFailures, LoginFailureStore } from './login-failure.store.js';

/** Failures of this time are written in one statement. */
const GATHER_MS = 250;

/** Accounts that are counted at once; failures of more than that in a quarter of a second are not told. */
const MAX_ACCOUNTS = 5_000;

/**
 * Counts failed logins, after their answers: noting one costs nothing that a request waits for, and the same for an
 * address that is no account's. What was counted since the last statement is lost with a process that is killed.
 */
@Injectable()
export class FailedLogins implements BeforeApplicationShutdown {
  readonly #logger = new Logger('Logins');
  #noted = new Map<string, LoginFailures>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: LoginFailureStore,
    private readonly database: Database,
  ) {}

  /** @param userId UUID; any other one where there is no such account */
  note(userId: string, { ip, userAgent }: Pick<Origin, 'ip' | 'userAgent'>): void {
    const count = (this.#noted.get(userId)?.count ?? 0) + 1;
    if (count === 1 && this.#noted.size >= MAX_ACCOUNTS) return;
    this.#noted.set(userId, { userId, count, ip, userAgent });
    this.#timer ??= unwatched(() => setTimeout(() => void this.#write(), GATHER_MS));
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#write();
  }

  #write(): Promise<void> {
    this.#timer = undefined;
    const failures = [...this.#noted.values()];
    this.#noted = new Map();
    if (failures.length > 0) {
      this.#writing = this.#writing
        .then(() => this.store.add(this.database.direct, failures))
        .catch((error: unknown) =>
          this.#logger.warn(
            `failed logins were not counted: ${error instanceof Error ? error.message : String(error)}`,
          ),
        );
    }
    return this.#writing;
  }
}
