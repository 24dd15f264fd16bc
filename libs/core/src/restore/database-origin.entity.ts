import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** Where the rows of this database were made: one row, which does not fit any more where a backup was restored. */
@Entity('database_origin')
@Check('database_origin_one_check', 'id = 1')
export class DatabaseOriginEntity {
  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'database_origin_pk', default: 1 })
  id!: number;

  /** PostgreSQL's own number of its cluster, which a standby shares with its primary. */
  @Column('text', { name: 'system_identifier' })
  systemIdentifier!: string;

  @Column('bigint', { name: 'database_oid' })
  databaseOid!: string;

  /** That of this very table: another where it was dropped and restored in the same database. */
  @Column('bigint', { name: 'table_oid' })
  tableOid!: string;

  /** What is added to the numbers of this cluster's transactions, so that they follow on those of the one before. */
  @Column('bigint', { name: 'tx_offset', default: 0 })
  txOffset!: string;

  /** The last transaction of before the last restore. */
  @Column('bigint', { name: 'restored_tx', nullable: true })
  restoredTx!: string | null;

  /** Since when an operator has to say what becomes of what the backup had not sent yet; `null` where none has to. */
  @Column('timestamptz', { name: 'held_since', nullable: true })
  heldSince!: Date | null;
}
