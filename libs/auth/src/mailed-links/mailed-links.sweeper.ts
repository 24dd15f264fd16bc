import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock, Database } from '@countersign/core';
import { MailedLinkStore } from './mailed-link.store.js';

/** Removes links whose time is over, with the addresses in them. */
@Injectable()
export class MailedLinksSweeper {
  constructor(
    private readonly links: MailedLinkStore,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  @Cron(CronExpression.EVERY_10_MINUTES)
  async sweep(): Promise<void> {
    await this.links.sweep(this.database.batches, this.clock.now());
  }
}
