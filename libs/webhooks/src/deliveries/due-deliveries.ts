import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database, Jobs } from '@countersign/core';
import { DeliveryIntake } from './delivery-intake.js';
import { type DeliveryJob, putOffJob, QUEUE } from './delivery-job.js';
import type { DeliveryRef } from './delivery.js';

/** Takes deliveries in hand whose time has come: retries, those that somebody asked for, and those let fall. */
@Injectable()
export class DueDeliveries implements OnModuleInit {
  constructor(
    private readonly jobs: Jobs,
    private readonly intake: DeliveryIntake,
    private readonly database: Database,
  ) {}

  onModuleInit(): void {
    this.jobs.define<DeliveryJob>(QUEUE, (job) => this.#take(job));
  }

  async #take({ deliveryId, createdAt, attempt, putOffs = 0 }: DeliveryJob): Promise<void> {
    const delivery = { id: deliveryId, createdAt: new Date(createdAt), attempt };
    if ((await this.intake.take(delivery)) === 'no-room') await this.#putOff(delivery, putOffs);
  }

  async #putOff(delivery: DeliveryRef, putOffs: number): Promise<void> {
    await this.database.transaction((tx) =>
      this.jobs.enqueue(tx, QUEUE.name, [putOffJob(delivery, putOffs)]),
    );
  }
}
