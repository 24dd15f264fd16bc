import { ApplicationEntity } from '@countersign/directory';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

/** What became of a message, from `queued` on; the last three are the vendor's final word. */
export type MessageStatus =
  'queued' | 'accepted' | 'unknown' | 'failed' | 'sent' | 'delivered' | 'undelivered';

/** The record of a message with a code: whom it was for and what became of it, never where it went or what it said. */
@Entity('messages')
@Index('messages_country_index', ['applicationId', 'country', 'createdAt'], { where: 'country IS NOT NULL' })
@Index('messages_user_index', ['userId'])
@Index('messages_created_at_index', ['createdAt'])
@Check('messages_channel_check', `channel IN ('sms', 'email')`)
@Check(
  'messages_status_check',
  `status IN ('queued', 'accepted', 'unknown', 'failed', 'sent', 'delivered', 'undelivered')`,
)
export class MessageEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'messages_pk' })
  id!: string;

  @Column('uuid', { name: 'application_id' })
  @ForeignKey(() => ApplicationEntity, { name: 'messages_application_fk' })
  applicationId!: string;

  /** Without a foreign key: the user may be made after the code has left, or be erased before. Nil once erased. */
  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  channel!: 'sms' | 'email';

  /** ISO 3166; of SMS only. */
  @Column('text', { nullable: true })
  country!: string | null;

  @Column('boolean')
  enrolment!: boolean;

  /** What stands for the network that an enrolment's user asked from; SMS only, and no address can be read from it. */
  @Column('text', { nullable: true })
  source!: string | null;

  /** Who took it: `twilio`, `http`, `smtp` or `mailbox`. */
  @Column('text', { nullable: true })
  vendor!: string | null;

  /** The vendor's own id of it. */
  @Column('text', { name: 'vendor_id', nullable: true })
  vendorId!: string | null;

  @Column('text')
  status!: MessageStatus;

  /** The vendor's error code, where it reported one. */
  @Column('text', { name: 'error_code', nullable: true })
  errorCode!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;

  /** When the code in it was accepted. */
  @Column('timestamptz', { name: 'verified_at', nullable: true })
  verifiedAt!: Date | null;
}
