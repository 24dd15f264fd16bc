import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Cron, CronExpression } from '@nestjs/schedule';
import { type CoreConfig, Database } from '@countersign/core';
import { MessageStore } from './message.store.js';

/** Forgets messages that were sent longer ago than records are kept. */
@Injectable()
export class MessagesSweeper {
  constructor(
    private readonly messages: MessageStore,
    private readonly database: Database,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  @Cron(CronExpression.EVERY_HOUR)
  async sweep(): Promise<void> {
    await this.messages.sweep(this.database.batches, this.config.deliveryRetentionMs);
  }
}
