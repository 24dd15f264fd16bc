import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Database } from '@countersign/core';
import { MailedLinkStore } from './mailed-link.store.js';

// Other instances' clocks may be behind.
const KEPT_MS = 5 * 60_000;

/** Removes links whose time is over, with the addresses in them. */
@Injectable()
export class MailedLinksSweeper {
  constructor(
    private readonly links: MailedLinkStore,
    private readonly database: Database,
  ) {}

  @Cron(CronExpression.EVERY_10_MINUTES)
  async sweep(): Promise<void> {
    await this.links.sweep(this.database.batches, KEPT_MS);
  }
}
