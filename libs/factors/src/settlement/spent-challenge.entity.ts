import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A challenge that was answered. Kept for a day, long after the challenge itself is over. */
@Entity('spent_challenges')
@Index('spent_challenges_spent_at_index', ['spentAt'])
export class SpentChallengeEntity {
  @PrimaryColumn('uuid', { name: 'challenge_id', primaryKeyConstraintName: 'spent_challenges_pk' })
  challengeId!: string;

  @Column('timestamptz', { name: 'spent_at' })
  spentAt!: Date;
}
