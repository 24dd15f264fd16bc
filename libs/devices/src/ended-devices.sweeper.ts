import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Database } from '@countersign/core';
import { DeviceStore } from './device.store.js';

// Other instances' clocks may be behind.
const KEPT_MS = 5 * 60_000;

/** Removes trusted devices whose time is over. */
@Injectable()
export class EndedDevicesSweeper {
  constructor(
    private readonly devices: DeviceStore,
    private readonly database: Database,
  ) {}

  @Cron(CronExpression.EVERY_DAY_AT_4AM)
  async sweep(): Promise<void> {
    await this.devices.sweep(this.database.batches, KEPT_MS);
  }
}
