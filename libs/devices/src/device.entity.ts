import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ApplicationEntity, UserEntity } from '@countersign/directory';

/** A browser or phone that a user chose to trust. */
@Entity('devices')
@Index('devices_user_index', ['userId', 'id'])
@Index('devices_expires_at_index', ['expiresAt'])
export class DeviceEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'devices_pk' })
  id!: string;

  @Column('uuid', { name: 'application_id' })
  @ForeignKey(() => ApplicationEntity, { name: 'devices_application_fk' })
  applicationId!: string;

  @Column('uuid', { name: 'user_id' })
  @ForeignKey(() => UserEntity, { name: 'devices_user_fk', onDelete: 'CASCADE' })
  userId!: string;

  @Column('integer', { name: 'security_epoch' })
  securityEpoch!: number;

  /** SHA-256 of the device token. */
  @Column('bytea')
  digest!: Buffer;

  @Column('text', { nullable: true })
  name!: string | null;

  @Column('text', { nullable: true })
  ip!: string | null;

  @Column('text', { name: 'user_agent', nullable: true })
  userAgent!: string | null;

  /** Wrong passwords in a row that came with this device's token. */
  @Column('integer', { name: 'password_failures', default: 0 })
  passwordFailures!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
