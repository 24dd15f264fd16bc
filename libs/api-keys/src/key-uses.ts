import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Database, unwatched } from '@countersign/core';
import { ApiKeyStore } from './api-key.store.js';

const MINUTE_MS = 60_000;

/** Keeps `lastUsedAt` to the minute: one write a minute for each key, which no request waits for. */
@Injectable()
export class KeyUses implements OnApplicationShutdown {
  readonly #logger = new Logger('ApiKeys');
  readonly #noted = new Map<string, number>();
  readonly #writing = new Set<Promise<void>>();

  constructor(
    private readonly store: ApiKeyStore,
    private readonly database: Database,
  ) {}

  /** Notes that a key was used. */
  note(id: string, at: Date): void {
    const last = this.#noted.get(id);
    if (last !== undefined && Math.abs(at.getTime() - last) < MINUTE_MS) return;
    this.#noted.set(id, at.getTime());
    const writing = unwatched(() => this.store.used(this.database.direct, id, at))
      .catch((error: unknown) => {
        // The next minute's will do.
        this.#logger.warn(`a use was not noted: ${error instanceof Error ? error.message : String(error)}`);
      })
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.#writing);
  }
}
