import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A data key, wrapped by the master key. Everything sealed at rest is sealed under one of these. */
@Entity('data_keys')
export class DataKeyEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'data_keys_pk' })
  id!: string;

  @Column('bytea')
  wrapped!: Buffer;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
