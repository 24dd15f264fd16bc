import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ApiKeyEntity } from '../api-key.entity.js';

/** A request that a server may repeat, claimed before its work and completed after it. */
@Entity('idempotent_requests')
@Index('idempotent_requests_expires_at_index', ['expiresAt'])
export class IdempotentRequestEntity {
  @PrimaryColumn('uuid', { name: 'key_id', primaryKeyConstraintName: 'idempotent_requests_pk' })
  @ForeignKey(() => ApiKeyEntity, { name: 'idempotent_requests_key_fk', onDelete: 'CASCADE' })
  keyId!: string;

  /** The server's own name for the request. Compared bytewise. */
  @PrimaryColumn({
    type: 'text',
    name: 'idempotency_key',
    collation: 'C',
    primaryKeyConstraintName: 'idempotent_requests_pk',
  })
  idempotencyKey!: string;

  /** SHA-256 over method, path and body. */
  @Column('bytea')
  fingerprint!: Buffer;

  /** What was answered, sealed; absent while the work goes on, and for good where it never ended. */
  @Column('bytea', { nullable: true })
  answer!: Buffer | null;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
