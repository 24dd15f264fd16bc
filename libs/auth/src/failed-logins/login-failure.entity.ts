import { UserEntity } from '@countersign/directory';
import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';

/** The failed logins of an account that no event has told of yet. Every time is the database's. */
@Entity('login_failures')
@Index('login_failures_due_index', ['dueAt'], { where: 'due_at IS NOT NULL' })
@Index('login_failures_told_index', ['toldAt'], { where: 'due_at IS NULL' })
export class LoginFailureEntity {
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'login_failures_pk' })
  @ForeignKey(() => UserEntity, { name: 'login_failures_user_fk', onDelete: 'CASCADE' })
  userId!: string;

  @Column('integer')
  count!: number;

  /** The first and the last of them. */
  @Column('timestamptz')
  since!: Date;

  @Column('timestamptz')
  until!: Date;

  /** Where the last one came from. */
  @Column('text', { nullable: true })
  ip!: string | null;

  @Column('text', { name: 'user_agent', nullable: true })
  userAgent!: string | null;

  /** When the next event may be written; absent while there is nothing to tell. */
  @Column('timestamptz', { name: 'due_at', nullable: true })
  dueAt!: Date | null;

  /** When the last one was. */
  @Column('timestamptz', { name: 'told_at', nullable: true })
  toldAt!: Date | null;
}
