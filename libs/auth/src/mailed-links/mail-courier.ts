import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type CoreConfig, Database } from '@countersign/core';
import { setTimeout as pause } from 'node:timers/promises';
import { LinkSender } from './link-sender.js';
import { MailedLinks } from './mailed-links.js';
import { MailedLinkStore } from './mailed-link.store.js';

const LOOK_EVERY_MS = 300;
const AT_ONCE = 10;
/** Longer than a mail server may take. */
const LEASE_MS = 60_000;

/** Sends the mails that were asked for, in worker processes: each at least once, by one worker at a time. */
@Injectable()
export class MailCourier implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('Mail');
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly links: MailedLinks,
    private readonly store: MailedLinkStore,
    private readonly sender: LinkSender,
    private readonly database: Database,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api' && this.links.available) this.#running = this.#follow();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const sent = await this.#round();
      if (sent === AT_ONCE) continue;
      await pause(LOOK_EVERY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #round(): Promise<number> {
    try {
      const due = await this.store.takeDue(this.database.direct, AT_ONCE, LEASE_MS);
      await Promise.all(due.map((mail) => this.sender.send(mail)));
      return due.length;
    } catch (error) {
      // What was in hand is due again when its lease is over.
      this.#logger.warn(`mails could not be sent: ${error instanceof Error ? error.message : String(error)}`);
      return 0;
    }
  }
}
