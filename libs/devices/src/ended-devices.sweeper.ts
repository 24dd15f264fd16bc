import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock, Database } from '@countersign/core';
import { DeviceStore } from './device.store.js';

/** Removes trusted devices whose time is over. */
@Injectable()
export class EndedDevicesSweeper {
  constructor(
    private readonly devices: DeviceStore,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  @Cron(CronExpression.EVERY_DAY_AT_4AM)
  async sweep(): Promise<void> {
    await this.devices.sweep(this.database.batches, this.clock.now());
  }
}
