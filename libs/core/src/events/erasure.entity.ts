import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A user who was erased, and how far what they left behind is cleared. */
@Entity('erasures')
@Index('erasures_open_index', ['erasedAt'], { where: 'cleared_at IS NULL' })
@Index('erasures_cleared_index', ['clearedAt'], { where: 'cleared_at IS NOT NULL' })
export class ErasureEntity {
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'erasures_pk' })
  userId!: string;

  /** By the database's clock, like every time here: those of instances differ. */
  @Column('timestamptz', { name: 'erased_at', default: () => 'now()' })
  erasedAt!: Date;

  /** The first clears what there is; the second, later, what requests wrote that were under way. */
  @Column('smallint', { default: 1 })
  pass!: number;

  /** The place of the last event that was looked at. */
  @Column('timestamptz', { name: 'after_at', default: '-infinity' })
  afterAt!: Date;

  @Column('uuid', { name: 'after_id', default: '00000000-0000-0000-0000-000000000000' })
  afterId!: string;

  @Column('timestamptz', { name: 'cleared_at', nullable: true })
  clearedAt!: Date | null;
}
