import { Injectable, Logger } from '@nestjs/common';
import { Database } from '@countersign/core';
import { type Attempted, DeliverySettler } from './delivery-settler.js';

const MOST_AT_ONCE = 200;
const LATEST_MS = 20;

/** Gathers results for a moment, so that many are written by one statement and one commit. */
@Injectable()
export class Results {
  readonly #logger = new Logger('Webhooks');
  #gathered: Attempted[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly settler: DeliverySettler,
    private readonly database: Database,
  ) {}

  /** Takes a result. It is written within 20 ms. */
  add(result: Attempted): void {
    this.#gathered.push(result);
    if (this.#gathered.length >= MOST_AT_ONCE) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), LATEST_MS);
  }

  /** Resolves when everything that was taken is written. */
  async written(): Promise<void> {
    this.#write();
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const results = this.#gathered;
    this.#gathered = [];
    if (results.length === 0) return;
    // One after another, so that two batches never wait for each other's webhooks.
    this.#writing = this.#writing.then(async () => {
      try {
        await this.database.transaction((tx) => this.settler.settle(tx, results));
      } catch (error) {
        // Their leases end, and they are attempted once more: at least once, not exactly once.
        this.#logger.warn(
          `${results.length} results were not written: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    });
  }
}
