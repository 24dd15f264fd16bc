import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { IdempotentRequests } from './idempotent-requests.js';

/** Forgets kept answers whose time is over. */
@Injectable()
export class IdempotentRequestsSweeper {
  constructor(private readonly requests: IdempotentRequests) {}

  @Cron(CronExpression.EVERY_HOUR)
  async sweep(): Promise<void> {
    await this.requests.sweep();
  }
}
