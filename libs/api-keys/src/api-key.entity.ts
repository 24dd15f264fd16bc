import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ApplicationEntity } from '@countersign/directory';
import type { Scope } from './scopes.js';

/** A key with which a server acts on one application. */
@Entity('api_keys')
@Index('api_keys_application_index', ['applicationId', 'id'])
export class ApiKeyEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'api_keys_pk' })
  id!: string;

  @Column('uuid', { name: 'application_id' })
  @ForeignKey(() => ApplicationEntity, { name: 'api_keys_application_fk' })
  applicationId!: string;

  @Column('text')
  name!: string;

  /** SHA-256 of the key's text. */
  @Column('bytea')
  digest!: Buffer;

  /** The one before the last rotation, and until when it still counts. */
  @Column('bytea', { name: 'previous_digest', nullable: true })
  previousDigest!: Buffer | null;

  @Column('timestamptz', { name: 'previous_until', nullable: true })
  previousUntil!: Date | null;

  @Column('text', { array: true })
  scopes!: Scope[];

  /** Requests per window; the deployment's own limit where both are absent. */
  @Column('integer', { name: 'limit_requests', nullable: true })
  limitRequests!: number | null;

  @Column('integer', { name: 'limit_seconds', nullable: true })
  limitSeconds!: number | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** To the minute. */
  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
