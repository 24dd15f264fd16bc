import { ApplicationEntity, UserEntity } from '@countersign/directory';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

/** One enrolled method of one user. */
@Entity('factors')
@Index('factors_user_index', ['userId', 'id'])
@Index('factors_type_index', ['type'], { where: `status = 'active'` })
@Index('factors_pending_index', ['expiresAt'], { where: `status = 'pending'` })
@Index('factors_default_key', ['userId'], { unique: true, where: 'is_default' })
@Index('factors_identity_key', ['applicationId', 'type', 'identity'], {
  unique: true,
  where: 'identity IS NOT NULL',
})
@Index('factors_unclaimed_index', ['id'], {
  where: `type = 'webauthn' AND status = 'active' AND identity IS NULL`,
})
@Check('factors_status_check', `status IN ('pending', 'active')`)
export class FactorEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'factors_pk' })
  id!: string;

  @Column('uuid', { name: 'application_id' })
  @ForeignKey(() => ApplicationEntity, { name: 'factors_application_fk' })
  applicationId!: string;

  @Column('uuid', { name: 'user_id' })
  @ForeignKey(() => UserEntity, { name: 'factors_user_fk', onDelete: 'CASCADE' })
  userId!: string;

  @Column('text')
  type!: string;

  @Column('text', { nullable: true })
  label!: string | null;

  @Column('text')
  status!: 'pending' | 'active';

  @Column('boolean', { name: 'is_default', default: false })
  isDefault!: boolean;

  /** What lists show; kept in clear because it gives nothing away. */
  @Column('text')
  hint!: string;

  /** The provider's secret as sealed JSON. */
  @Column('bytea')
  secret!: Buffer;

  /**
   * HMAC of what makes the device one and the same, where its provider says it; claimed at activation. Absent for
   * factors of the time before, until a worker has come to them.
   */
  @Column('bytea', { nullable: true })
  identity!: Buffer | null;

  /** Rises with every change of `secret`, so that two changes at once cannot both count. */
  @Column('integer', { name: 'secret_version', default: 1 })
  secretVersion!: number;

  /** The last accepted step (RFC 6238 section 5.2); a string, because PostgreSQL's bigint is wider than a number. */
  @Column('bigint', { nullable: true })
  watermark!: string | null;

  /** Wrong answers in a row. */
  @Column('integer', { default: 0 })
  failures!: number;

  @Column('timestamptz', { name: 'locked_at', nullable: true })
  lockedAt!: Date | null;

  /** The user's epoch at enrolment; a pending factor dies with it. */
  @Column('integer', { name: 'security_epoch' })
  securityEpoch!: number;

  /** The session or key that began a pending enrolment. */
  @Column('text', { name: 'begun_by', nullable: true })
  begunBy!: string | null;

  /** When a pending enrolment ends. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'activated_at', nullable: true })
  activatedAt!: Date | null;

  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;
}
