import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { StoredPolicy } from './application-policy.js';

/** A tenant: one product that integrates Countersign. */
@Entity('applications')
@Unique('applications_slug_key', ['slug'])
export class ApplicationEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'applications_pk' })
  id!: string;

  /** Its name in `X-Application` and in assertions. Never changes. */
  @Column('text')
  slug!: string;

  @Column('text')
  name!: string;

  /** What authenticator apps and messages show. */
  @Column('text')
  issuer!: string;

  @Column('text', { name: 'allowed_origins', array: true, default: '{}' })
  allowedOrigins!: string[];

  /** What differs from the default policy. */
  @Column('jsonb', { default: {} })
  policy!: StoredPolicy;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}
