import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { WebhookEntity } from '../webhook.entity.js';

/** A webhook's wish to be told again everything since a moment, and how far that has gone. */
@Entity('webhook_replays')
export class ReplayEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'webhook_replays_pk' })
  id!: string;

  @Column('uuid', { name: 'webhook_id' })
  @ForeignKey(() => WebhookEntity, { name: 'webhook_replays_webhook_fk', onDelete: 'CASCADE' })
  webhookId!: string;

  /** What comes next: events after this place in the order of time and id. */
  @Column('timestamptz', { name: 'after_at' })
  afterAt!: Date;

  @Column('uuid', { name: 'after_id' })
  afterId!: string;

  /** The moment of the wish: what came later is delivered anyway. */
  @Column('timestamptz', { name: 'until' })
  until!: Date;

  /** The events that were asked for last: more are, once most of these have been attempted. */
  @Column('uuid', { array: true, default: '{}' })
  batch!: string[];

  /** When it was its turn last. */
  @Column('timestamptz', { name: 'turn_at', nullable: true })
  turnAt!: Date | null;
}
