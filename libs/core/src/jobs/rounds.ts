import { Logger } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';

/** What is done over and over. */
export interface Round {
  /** What it does, for the log: `mails could not be sent`. */
  readonly failure: string;
  readonly everyMs: number;
  /** @returns whether there is more to do at once */
  run(stopping: () => boolean): Promise<boolean>;
}

/** Does something over and over, until it is stopped; what fails is said, and tried in the next round. */
export class Rounds {
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** @param name what the log calls it */
  constructor(
    name: string,
    private readonly round: Round,
  ) {
    this.#logger = new Logger(name);
  }

  start(): void {
    this.#running = this.#follow();
  }

  /** Resolves when the round that is under way has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (await this.#once()) continue;
      await pause(this.round.everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #once(): Promise<boolean> {
    try {
      return await this.round.run(() => this.#stop.signal.aborted);
    } catch (error) {
      this.#logger.warn(`${this.round.failure}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  }
}
