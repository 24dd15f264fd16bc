import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An event on its way to a webhook. Partitioned by month, dropped by retention. */
@Entity('webhook_deliveries')
@Index('webhook_deliveries_webhook_index', ['webhookId', 'id'])
@Index('webhook_deliveries_event_index', ['webhookId', 'eventId'])
@Index('webhook_deliveries_lease_index', ['leasedUntil'], { where: 'leased_until IS NOT NULL' })
@Check('webhook_deliveries_status_check', `status IN ('pending', 'succeeded', 'failed')`)
export class DeliveryEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'webhook_deliveries_pk' })
  id!: string;

  @PrimaryColumn('timestamptz', { name: 'created_at', primaryKeyConstraintName: 'webhook_deliveries_pk' })
  createdAt!: Date;

  @Column('uuid', { name: 'webhook_id' })
  webhookId!: string;

  @Column('uuid', { name: 'event_id' })
  eventId!: string;

  /** The event's own time, by which its partition is found. */
  @Column('timestamptz', { name: 'event_at' })
  eventAt!: Date;

  @Column('text', { name: 'event_type' })
  eventType!: string;

  /** Attempts that were made. */
  @Column('integer', { default: 0 })
  attempt!: number;

  /** Where in the retry schedule it is; begins anew when somebody asks for it again. */
  @Column('integer', { default: 0 })
  step!: number;

  @Column('text', { default: 'pending' })
  status!: 'pending' | 'succeeded' | 'failed';

  @Column('integer', { name: 'response_status', nullable: true })
  responseStatus!: number | null;

  @Column('text', { name: 'response_excerpt', nullable: true })
  responseExcerpt!: string | null;

  @Column('text', { nullable: true })
  error!: string | null;

  @Column('timestamptz', { name: 'next_attempt_at', nullable: true })
  nextAttemptAt!: Date | null;

  /** Until when a worker has it in hand; a lease that ends is a delivery that somebody must take up. */
  @Column('timestamptz', { name: 'leased_until', nullable: true })
  leasedUntil!: Date | null;

  /** Whether it was asked for once more while a worker was sending it. */
  @Column('boolean', { default: false })
  again!: boolean;
}
