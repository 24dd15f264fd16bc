import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Database } from '@countersign/core';
import { SessionStore } from './session.store.js';

// Ended ones tell for a while which addresses an account knows.
const KEPT_MS = 30 * 24 * 60 * 60_000;

/** Removes sessions whose time has long been over. */
@Injectable()
export class EndedSessionsSweeper {
  constructor(
    private readonly sessions: SessionStore,
    private readonly database: Database,
  ) {}

  @Cron(CronExpression.EVERY_DAY_AT_4AM)
  async sweep(): Promise<void> {
    await this.sessions.sweep(this.database.batches, KEPT_MS);
  }
}
