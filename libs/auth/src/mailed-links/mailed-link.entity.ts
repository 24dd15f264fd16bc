import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ApplicationEntity, UserEntity } from '@countersign/directory';
import type { LinkMailKind } from '@countersign/delivery';

/** A mail about an address or a password: to be sent, or sent and its link not used yet. */
@Entity('mailed_links')
@Index('mailed_links_user_index', ['userId'])
@Index('mailed_links_due_index', ['dueAt'], { where: 'due_at IS NOT NULL' })
@Index('mailed_links_expires_index', ['expiresAt'])
@Check(
  'mailed_links_kind_check',
  `kind IN ('verify_email', 'change_email', 'email_change_requested', 'reset_password', 'already_registered',
            'address_confirmed')`,
)
export class MailedLinkEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'mailed_links_pk' })
  id!: string;

  @Column('uuid', { name: 'application_id' })
  @ForeignKey(() => ApplicationEntity, { name: 'mailed_links_application_fk' })
  applicationId!: string;

  /** `null` until it is known whose address it is. */
  @Column('uuid', { name: 'user_id', nullable: true })
  @ForeignKey(() => UserEntity, { name: 'mailed_links_user_fk', onDelete: 'CASCADE' })
  userId!: string | null;

  @Column('text')
  kind!: LinkMailKind;

  /** Where it goes, and what its link is bound to. */
  @Column('text')
  email!: string;

  /** What the link stands on; it dies when the user's own moves on. */
  @Column('integer', { name: 'security_epoch', nullable: true })
  securityEpoch!: number | null;

  /** SHA-256 of the token, once it was sent. */
  @Column('bytea', { nullable: true })
  digest!: Buffer | null;

  @Column('integer', { default: 0 })
  tries!: number;

  /** Argon2id; of a registration that waits. `null` where the account's own password is meant. */
  @Column('text', { name: 'password_hash', nullable: true })
  passwordHash!: string | null;

  /** What else that registration said. */
  @Column('text', { name: 'display_name', nullable: true })
  displayName!: string | null;

  @Column('text', { nullable: true })
  locale!: string | null;

  /** Passwords that came with the link, claimed before each is looked at. */
  @Column('integer', { default: 0 })
  failures!: number;

  /** When a worker may send it; `null` once it was sent. */
  @Column('timestamptz', { name: 'due_at', nullable: true })
  dueAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
