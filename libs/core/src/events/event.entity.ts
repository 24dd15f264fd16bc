import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { EventType } from './event.js';

/** A row of the audit log, which is also the outbox. Append-only; erasing a user clears `ip` and `userAgent`. */
@Entity('events')
@Index('events_application_index', ['applicationId', 'at', 'id'])
@Index('events_user_index', ['userId', 'at', 'id'])
@Index('events_type_index', ['applicationId', 'type', 'at', 'id'])
@Index('events_tx_index', ['tx', 'id'])
export class EventEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'events_pk' })
  id!: string;

  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: 'events_pk' })
  at!: Date;

  @Column('uuid', { name: 'application_id' })
  applicationId!: string;

  @Column('text')
  type!: EventType;

  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('text', { name: 'actor_type' })
  actorType!: string;

  @Column('text', { name: 'actor_id', nullable: true })
  actorId!: string | null;

  @Column('text', { nullable: true })
  ip!: string | null;

  @Column('text', { name: 'user_agent', nullable: true })
  userAgent!: string | null;

  @Column('text', { name: 'request_id', nullable: true })
  requestId!: string | null;

  /** The transaction that wrote it; the relay reads in this order. (TypeORM knows defaults without their casts.) */
  @Column('bigint', { default: () => '((pg_current_xact_id()))' })
  tx!: string;

  @Column('jsonb')
  data!: Record<string, unknown>;
}
