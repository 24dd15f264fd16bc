import { ApplicationEntity, UserEntity } from '@countersign/directory';
import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

/** A login with its refresh-token family. */
@Entity('sessions')
@Index('sessions_user_index', ['userId', 'id'])
@Index('sessions_ends_at_index', ['endsAt'])
export class SessionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'sessions_pk' })
  id!: string;

  @Column('uuid', { name: 'application_id' })
  @ForeignKey(() => ApplicationEntity, { name: 'sessions_application_fk' })
  applicationId!: string;

  @Column('uuid', { name: 'user_id' })
  @ForeignKey(() => UserEntity, { name: 'sessions_user_fk', onDelete: 'CASCADE' })
  userId!: string;

  @Column('integer', { name: 'security_epoch' })
  securityEpoch!: number;

  /** SHA-256 of the refresh token that is in force. */
  @Column('bytea', { name: 'refresh_digest' })
  refreshDigest!: Buffer;

  /** SHA-256 of the one before, honoured for a few seconds after the rotation. */
  @Column('bytea', { name: 'previous_digest', nullable: true })
  previousDigest!: Buffer | null;

  /** How often the refresh token was rotated. */
  @Column('integer', { default: 0 })
  generation!: number;

  /** SHA-256 of every so-manyth refresh token: however old one is that comes back, the next of these is not far. */
  @Column('bytea', { array: true, default: '{}' })
  milestones!: Buffer[];

  /** By the database's clock, because instances need not agree on theirs. */
  @Column('timestamptz', { name: 'rotated_at', nullable: true })
  rotatedAt!: Date | null;

  /** RFC 8176. */
  @Column('text', { array: true })
  amr!: string[];

  @Column('timestamptz', { name: 'auth_time' })
  authTime!: Date;

  @Column('timestamptz', { name: 'mfa_time', nullable: true })
  mfaTime!: Date | null;

  @Column('text', { nullable: true })
  ip!: string | null;

  @Column('text', { name: 'user_agent', nullable: true })
  userAgent!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'last_used_at' })
  lastUsedAt!: Date;

  /** When the refresh token expires. */
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  /** When the session ends whatever happens. */
  @Column('timestamptz', { name: 'ends_at' })
  endsAt!: Date;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
