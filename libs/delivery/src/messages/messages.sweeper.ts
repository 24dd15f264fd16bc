import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock, Database } from '@countersign/core';
import type { DeliveryConfig } from '../delivery.config.js';
import { MessageStore } from './message.store.js';

/** Forgets messages that were sent longer ago than records are kept. */
@Injectable()
export class MessagesSweeper {
  constructor(
    private readonly messages: MessageStore,
    private readonly database: Database,
    private readonly clock: Clock,
    @Inject(getConfigToken('delivery')) private readonly config: DeliveryConfig,
  ) {}

  @Cron(CronExpression.EVERY_HOUR)
  async sweep(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - this.config.retentionMs);
    await this.messages.sweep(this.database.direct, before);
  }
}
