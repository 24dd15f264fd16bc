import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type CoreConfig, Database, Rounds } from '@countersign/core';
import { LinkSender } from './link-sender.js';
import { MailedLinks } from './mailed-links.js';
import { MailedLinkStore } from './mailed-link.store.js';

const AT_ONCE = 10;
/** Longer than a mail server may take. */
const LEASE_MS = 60_000;

/** Sends the mails that were asked for, in worker processes: each at least once, by one worker at a time. */
@Injectable()
export class MailCourier implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds = new Rounds('Mail', {
    failure: 'mails could not be sent',
    everyMs: 300,
    run: () => this.#round(),
  });

  constructor(
    private readonly links: MailedLinks,
    private readonly store: MailedLinkStore,
    private readonly sender: LinkSender,
    private readonly database: Database,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api' && this.links.available) this.#rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  // What a failure leaves in hand is due again when its lease is over.
  async #round(): Promise<boolean> {
    const due = await this.store.takeDue(this.database.direct, AT_ONCE, LEASE_MS);
    await Promise.all(due.map((mail) => this.sender.send(mail)));
    return due.length === AT_ONCE;
  }
}
