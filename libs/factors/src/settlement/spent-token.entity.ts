import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { FactorEntity } from '../factor.entity.js';

/** An answer of one factor that was accepted once and never will be again. */
@Entity('spent_tokens')
export class SpentTokenEntity {
  @PrimaryColumn('uuid', { name: 'factor_id', primaryKeyConstraintName: 'spent_tokens_pk' })
  @ForeignKey(() => FactorEntity, { name: 'spent_tokens_factor_fk', onDelete: 'CASCADE' })
  factorId!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'spent_tokens_pk' })
  token!: string;

  @Column('timestamptz', { name: 'spent_at' })
  spentAt!: Date;
}
