import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Database } from './database/database.js';
import { EphemeralStore } from './ephemeral/ephemeral-store.js';
import { EventPartitions } from './events/event-partitions.js';

/** Prepares what core needs before the first request, and closes what it opened after the last. */
@Injectable()
export class CoreLifecycle implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly database: Database,
    private readonly store: EphemeralStore,
    private readonly partitions: EventPartitions,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.partitions.prepare();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
    await this.database.close();
  }
}
