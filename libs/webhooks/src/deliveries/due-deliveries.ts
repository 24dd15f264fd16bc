import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Coalescer, Database, type JobOrder, Jobs } from '@countersign/core';
import { DeliveryIntake } from './delivery-intake.js';
import { type DeliveryJob, putOffJob, QUEUE } from './delivery-job.js';

/** Takes deliveries in hand whose time has come: retries, those that somebody asked for, and those let fall. */
@Injectable()
export class DueDeliveries implements OnModuleInit {
  readonly #puttingOff: Coalescer<JobOrder, undefined>;

  constructor(
    private readonly jobs: Jobs,
    private readonly intake: DeliveryIntake,
    database: Database,
  ) {
    this.#puttingOff = new Coalescer(
      async (orders) => {
        await database.transaction((tx) => jobs.enqueue(tx, QUEUE.name, orders));
        return orders.map(() => undefined);
      },
      { most: 100 },
    );
  }

  onModuleInit(): void {
    this.jobs.define<DeliveryJob>(QUEUE, (job) => this.#take(job));
  }

  async #take({ deliveryId, createdAt, attempt, putOffs = 0 }: DeliveryJob): Promise<void> {
    const delivery = { id: deliveryId, createdAt: new Date(createdAt), attempt };
    if ((await this.intake.take(delivery)) === 'no-room') {
      await this.#puttingOff.run(putOffJob(delivery, putOffs));
    }
  }
}
