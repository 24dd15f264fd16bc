import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ApplicationEntity } from '@countersign/directory';

/** Where an application's events are delivered to. */
@Entity('webhooks')
@Index('webhooks_application_index', ['applicationId', 'id'])
@Check('webhooks_status_check', `status IN ('enabled', 'disabled')`)
export class WebhookEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'webhooks_pk' })
  id!: string;

  @Column('uuid', { name: 'application_id' })
  @ForeignKey(() => ApplicationEntity, { name: 'webhooks_application_fk' })
  applicationId!: string;

  @Column('text')
  url!: string;

  /** Names of events, or `*` alone. */
  @Column('text', { array: true })
  events!: string[];

  @Column('text', { nullable: true })
  description!: string | null;

  @Column('text', { default: 'enabled' })
  status!: 'enabled' | 'disabled';

  /** Sealed. */
  @Column('bytea')
  secret!: Buffer;

  /** Sealed: the one before the last rotation, and until when it signs as well. */
  @Column('bytea', { name: 'previous_secret', nullable: true })
  previousSecret!: Buffer | null;

  @Column('timestamptz', { name: 'previous_until', nullable: true })
  previousUntil!: Date | null;

  /** Since when no delivery has succeeded, where the last one failed. */
  @Column('timestamptz', { name: 'failing_since', nullable: true })
  failingSince!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}
