import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Database } from '../database/database.js';
import { BATCH_LIMITS } from '../database/time-limits.js';
import { DatabaseOriginStore } from './database-origin.store.js';

const SAID_EVERY_MS = 60_000;

/**
 * Tells whether this database is a backup that was restored: then nothing goes out that the backup had not sent yet,
 * because it may have been sent since, until an operator has said what becomes of it (`after-restore`).
 */
@Injectable()
export class RestoreWatch implements OnModuleInit {
  readonly #logger = new Logger('Restore');
  readonly #listeners: (() => void)[] = [];
  #heldSince: Date | undefined;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly store: DatabaseOriginStore,
    private readonly database: Database,
  ) {}

  /** Calls a listener where it is seen, while we run, that a backup was restored. */
  whenHeld(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Since when what goes out waits for an operator, as it was seen last. */
  get heldSince(): Date | undefined {
    return this.#heldSince;
  }

  async onModuleInit(): Promise<void> {
    await this.look();
  }

  /** Looks, and writes down what is new. @returns since when an operator is waited for */
  async look(): Promise<Date | undefined> {
    const { missing, restored, heldSince } = await this.store.look(this.database.direct);
    if (missing && !restored) await this.store.adopt(this.database.direct);
    const before = this.#heldSince;
    this.#heldSince = restored ? await this.hold() : (heldSince ?? undefined);
    this.#say();
    if (before === undefined && this.#heldSince !== undefined)
      for (const listener of this.#listeners) listener();
    return this.#heldSince;
  }

  /** Holds what goes out, also where nothing tells that there was a restore. @returns since when */
  async hold(): Promise<Date | undefined> {
    return this.database.transaction(async (tx) => {
      await this.store.lock(tx);
      const now = await this.store.look(tx);
      if (!now.restored && now.heldSince !== null) return now.heldSince;
      await this.store.hold(tx);
      return (await this.store.look(tx)).heldSince ?? undefined;
    }, BATCH_LIMITS);
  }

  #say(): void {
    const now = performance.now();
    if (this.#heldSince === undefined || now - this.#saidAt < SAID_EVERY_MS) return;
    this.#saidAt = now;
    this.#logger.warn(
      'This database was restored from a backup: webhooks and notices are held until after-restore --pending drop|send ' +
        'has been run (docs/backup.md)',
    );
  }
}
