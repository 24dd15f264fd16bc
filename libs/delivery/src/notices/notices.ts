import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, EventRelay, type JobQueue, Jobs, type RelayedEvent, type Tx } from '@countersign/core';
import { Applications } from '@countersign/directory';
import { NOTED_EVENTS, noticeOf } from './notice.js';
import type { NoticeJob } from './notice-job.js';
import { NoticeMailer } from './notice-mailer.js';

// Eight tries over about two hours: a mail server that is down for lunch loses nothing.
const QUEUE: JobQueue = { name: 'notices', retryLimit: 8, retryDelaySeconds: 30, expireInSeconds: 60 };

/** A notice about what happened longer ago would frighten more than it helps. */
const LATEST_MS = 24 * 60 * 60_000;

/** Turns events into jobs that tell the owners of accounts, where this deployment has mail. */
@Injectable()
export class Notices implements OnModuleInit {
  constructor(
    private readonly relay: EventRelay,
    private readonly jobs: Jobs,
    private readonly applications: Applications,
    private readonly mailer: NoticeMailer,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    if (!this.mailer.available) return;
    this.jobs.define<NoticeJob>(QUEUE, (job) => this.mailer.send(job));
    this.relay.subscribe({
      name: 'notices',
      types: NOTED_EVENTS,
      ready: () => this.jobs.ready,
      handle: (tx, events) => this.#enqueue(tx, events),
    });
  }

  async #enqueue(tx: Tx, events: readonly RelayedEvent[]): Promise<void> {
    const oldest = this.clock.now().getTime() - LATEST_MS;
    const jobs: NoticeJob[] = [];
    for (const event of events) {
      if (event.userId === null || event.at.getTime() < oldest) continue;
      const application = await this.applications.byId(event.applicationId);
      const notice = application && noticeOf(event, application.policy.notices);
      if (notice !== undefined) jobs.push({ eventId: event.id, at: event.at.toISOString(), notice });
    }
    if (jobs.length > 0) {
      await this.jobs.enqueue(
        tx,
        QUEUE.name,
        jobs.map((payload) => ({ payload })),
      );
    }
  }
}
