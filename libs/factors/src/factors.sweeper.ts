import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Database } from '@countersign/core';
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
  ) {}

  @Cron(CronExpression.EVERY_HOUR)
  async sweep(): Promise<void> {
    await this.settlement.forgetChallenges(this.database.batches, KEPT_MS);
    await this.factors.sweepAll(this.database.batches, KEPT_MS);
  }
}
