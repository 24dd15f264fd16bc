import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type CoreConfig, MonthlyPartitions } from '@countersign/core';
import { DirectoryModule } from '@countersign/directory';
import { DeliveryEntity } from './deliveries/delivery.entity.js';
import { DeliveryIntake } from './deliveries/delivery-intake.js';
import { RestoredDeliveries } from './deliveries/restored-deliveries.js';
import { DeliveryKeeper } from './deliveries/delivery-keeper.js';
import { DeliveryMatcher } from './deliveries/delivery-matcher.js';
import { DeliverySettler } from './deliveries/delivery-settler.js';
import { DeliveryStore } from './deliveries/delivery.store.js';
import { DeliveryWriter } from './deliveries/delivery-writer.js';
import { Dispatcher } from './deliveries/dispatcher.js';
import { DueDeliveries } from './deliveries/due-deliveries.js';
import { Leases } from './deliveries/leases.js';
import { ReplayEntity } from './deliveries/replay.entity.js';
import { ReplayStore } from './deliveries/replay.store.js';
import { Replayer } from './deliveries/replayer.js';
import { Results } from './deliveries/results.js';
import { RetrySchedule } from './deliveries/retry-schedule.js';
import { WebhookRelay } from './deliveries/webhook-relay.js';
import { HostResolver, SystemResolver } from './targets/host-resolver.js';
import { TargetPolicy } from './targets/target-policy.js';
import { WebhookSender } from './targets/webhook-sender.js';
import { ChangeWebhook } from './use-cases/change-webhook.use-case.js';
import { CreateWebhook } from './use-cases/create-webhook.use-case.js';
import { DeleteWebhook } from './use-cases/delete-webhook.use-case.js';
import { Redeliver } from './use-cases/redeliver.use-case.js';
import { RotateWebhookSecret } from './use-cases/rotate-webhook-secret.use-case.js';
import { TestWebhook } from './use-cases/test-webhook.use-case.js';
import { WebhookEntity } from './webhook.entity.js';
import { WebhookStore } from './webhook.store.js';

/** The webhooks' tables. */
export const webhooksEntities = [WebhookEntity, DeliveryEntity, ReplayEntity];

/** Keeps the months of the delivery log. */
@Injectable()
class DeliveryMonths implements OnModuleInit {
  constructor(
    private readonly partitions: MonthlyPartitions,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.partitions.keep({
      name: 'webhook_deliveries',
      retentionMs: this.config.deliveryRetentionMs,
    });
  }
}

/** Brings events to the servers of applications: signed, at least once, over and over until they are taken. */
@Module({
  imports: [DirectoryModule],
  providers: [
    { provide: HostResolver, useClass: SystemResolver },
    TargetPolicy,
    WebhookSender,
    WebhookStore,
    DeliveryStore,
    ReplayStore,
    RetrySchedule,
    DeliverySettler,
    Results,
    Leases,
    Dispatcher,
    DeliveryMatcher,
    DeliveryWriter,
    WebhookRelay,
    DeliveryIntake,
    DueDeliveries,
    Replayer,
    DeliveryKeeper,
    DeliveryMonths,
    RestoredDeliveries,
    CreateWebhook,
    ChangeWebhook,
    RotateWebhookSecret,
    DeleteWebhook,
    TestWebhook,
    Redeliver,
  ],
  exports: [
    WebhookStore,
    DeliveryStore,
    CreateWebhook,
    ChangeWebhook,
    RotateWebhookSecret,
    DeleteWebhook,
    TestWebhook,
    Redeliver,
  ],
})
export class WebhooksModule {}
