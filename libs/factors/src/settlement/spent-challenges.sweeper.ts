import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock, Database } from '@countersign/core';
import { SettlementStore } from './settlement.store.js';

// Far longer than any challenge lives, clocks that disagree included.
const KEPT_MS = 24 * 60 * 60_000;

/** Forgets answered challenges once nobody could answer them again anyway. */
@Injectable()
export class SpentChallengesSweeper {
  constructor(
    private readonly settlement: SettlementStore,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  @Cron(CronExpression.EVERY_HOUR)
  async sweep(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - KEPT_MS);
    await this.settlement.forgetChallenges(this.database.direct, before);
  }
}
