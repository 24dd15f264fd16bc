import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock, Database } from '@countersign/core';
import { FactorStore } from './factor.store.js';
import { SettlementStore } from './settlement/settlement.store.js';

// Far longer than any challenge or enrolment lives, clocks that disagree included.
const KEPT_MS = 24 * 60 * 60_000;

/** Forgets answered challenges, and enrolments that nobody ended, once they cannot matter any more. */
@Injectable()
export class FactorsSweeper {
  constructor(
    private readonly settlement: SettlementStore,
    private readonly factors: FactorStore,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  @Cron(CronExpression.EVERY_HOUR)
  async sweep(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - KEPT_MS);
    await this.settlement.forgetChallenges(this.database.batches, before);
    await this.factors.sweepAll(this.database.batches, before);
  }
}
