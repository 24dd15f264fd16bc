import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ApplicationEntity } from './application.entity.js';

/** A person in one application. */
@Entity('users')
@Index('users_external_id_key', ['applicationId', 'externalId'], { unique: true })
@Index('users_application_index', ['applicationId', 'id'])
@Index('users_administrators_index', ['applicationId', 'id'], { where: `role = 'admin'` })
@Index('users_known_email_index', ['applicationId', 'email'], {
  where: 'password_hash IS NULL AND email IS NOT NULL',
})
@Index('users_unverified_index', ['verificationMailedAt'], {
  where: 'must_verify AND email_verified_at IS NULL',
})
@Index('users_account_email_key', ['applicationId', 'email'], {
  unique: true,
  where: 'password_hash IS NOT NULL',
})
@Check('users_status_check', `status IN ('active', 'suspended')`)
@Check('users_role_check', `role IN ('user', 'admin')`)
export class UserEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'users_pk' })
  id!: string;

  @Column('uuid', { name: 'application_id' })
  @ForeignKey(() => ApplicationEntity, { name: 'users_application_fk' })
  applicationId!: string;

  /** The application's own id for the user; a built-in account's is its TypeID. Compared bytewise. */
  @Column({ type: 'text', name: 'external_id', collation: 'C' })
  externalId!: string;

  /** As compared: trimmed, lower case. */
  @Column('text', { nullable: true })
  email!: string | null;

  @Column('timestamptz', { name: 'email_verified_at', nullable: true })
  emailVerifiedAt!: Date | null;

  /** Whether the account was registered under a policy that demands a verified address. */
  @Column('boolean', { name: 'must_verify', default: false })
  mustVerify!: boolean;

  /** When a link that verifies the address was last mailed to an account that must verify it. */
  @Column('timestamptz', { name: 'verification_mailed_at', nullable: true })
  verificationMailedAt!: Date | null;

  /** When the second factor went with what others had set up at this address; until another one is active. */
  @Column('timestamptz', { name: 'second_factor_removed_at', nullable: true })
  secondFactorRemovedAt!: Date | null;

  @Column('text', { name: 'display_name', nullable: true })
  displayName!: string | null;

  @Column('text', { nullable: true })
  locale!: string | null;

  @Column('text', { default: 'active' })
  status!: 'active' | 'suspended';

  @Column('text', { default: 'user' })
  role!: 'user' | 'admin';

  /** Argon2id; only accounts have one. */
  @Column('text', { name: 'password_hash', nullable: true, select: false })
  passwordHash!: string | null;

  /** Everything derived from the user remembers this number and dies when it changes. */
  @Column('integer', { name: 'security_epoch', default: 1 })
  securityEpoch!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}
