import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EventRelay, type JobQueue, Jobs, type RelayedEvent, type Tx } from '@countersign/core';
import { AdministratorMailer } from './administrator-mailer.js';
import type { AdministratorNoticeJob } from './administrator-notice-job.js';
import { AdministratorNoticeStore } from './administrator-notice.store.js';

// As for the owners of accounts: about two hours of a mail server that is down.
const QUEUE: JobQueue = {
  name: 'administrator-notices',
  retryLimit: 8,
  retryDelaySeconds: 30,
  expireInSeconds: 60,
};

/** Tells administrators by mail what needs a hand of theirs, where this deployment has mail. */
@Injectable()
export class AdministratorNotices implements OnModuleInit {
  constructor(
    private readonly relay: EventRelay,
    private readonly jobs: Jobs,
    private readonly store: AdministratorNoticeStore,
    private readonly mailer: AdministratorMailer,
  ) {}

  onModuleInit(): void {
    if (!this.mailer.available) return;
    this.jobs.define<AdministratorNoticeJob>(QUEUE, (job) => this.mailer.send(job));
    this.relay.subscribe({
      name: 'administrator-notices',
      types: ['webhook.disabled'],
      ready: () => this.jobs.ready,
      handle: (tx, events) => this.#enqueue(tx, events),
    });
  }

  async #enqueue(tx: Tx, events: readonly RelayedEvent[]): Promise<void> {
    for (const { id: eventId, at, applicationId } of events) {
      const administrators = await this.store.administratorsOf(tx, applicationId);
      if (administrators.length === 0) continue;
      await this.jobs.enqueue(
        tx,
        QUEUE.name,
        administrators.map((userId) => ({ payload: { eventId, at: at.toISOString(), userId } })),
      );
    }
  }
}
