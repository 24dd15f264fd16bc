import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import type { CoreConfig } from './core.config.js';
import { Database } from './database/database.js';
import { EphemeralStore } from './ephemeral/ephemeral-store.js';
import { MonthlyPartitions } from './database/monthly-partitions.js';

/** Prepares what core needs before the first request, and closes what it opened after the last. */
@Injectable()
export class CoreLifecycle implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly database: Database,
    private readonly store: EphemeralStore,
    private readonly partitions: MonthlyPartitions,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.partitions.keep({ name: 'events', retentionMs: this.config.eventRetentionMs });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
    await this.database.close();
  }
}
