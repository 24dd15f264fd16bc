import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { PublicJwk } from '../crypto/signing-key.js';

/** A key that signs tokens (ES256). Its private half is sealed. */
@Entity('signing_keys')
@Unique('signing_keys_kid_key', ['kid'])
export class SigningKeyEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'signing_keys_pk' })
  id!: string;

  /** RFC 7638 thumbprint. */
  @Column('text')
  kid!: string;

  @Column('jsonb', { name: 'public_jwk' })
  publicJwk!: PublicJwk;

  /** PKCS #8, sealed. */
  @Column('bytea', { name: 'private_key' })
  privateKey!: Buffer;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** From when it signs; it is published before, so that everybody knows it by then. PostgreSQL's clock. */
  @Column('timestamptz', { name: 'signs_from', default: () => 'now()' })
  signsFrom!: Date;

  /** Since when it signs nothing any more; what it signed stays valid until it expires. */
  @Column('timestamptz', { name: 'retired_at', nullable: true })
  retiredAt!: Date | null;
}
