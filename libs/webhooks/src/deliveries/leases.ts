import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import type { DeliveryRef } from './delivery.js';
import { DeliveryStore } from './delivery.store.js';

/** Gives deliveries back that this process has in hand and will not attempt. */
@Injectable()
export class Leases {
  constructor(
    private readonly store: DeliveryStore,
    private readonly database: Database,
  ) {}

  /** Lets other workers take them up at once. Never rejects: where this fails, their leases end by themselves. */
  async end(deliveries: readonly DeliveryRef[]): Promise<void> {
    await this.store.letFall(this.database.direct, deliveries).catch(() => undefined);
  }
}
