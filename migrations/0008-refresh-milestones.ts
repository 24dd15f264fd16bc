import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Digests by which the reuse of a refresh token is noticed, however often it was rotated since. */
export class RefreshMilestones0000000000008 implements MigrationInterface {
  readonly name = 'RefreshMilestones0000000000008';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  // The version before rotates without it; what it rotates past a milestone is noticed as far back as it was before.
  `ALTER TABLE sessions ADD COLUMN milestones bytea[] NOT NULL DEFAULT '{}'`,
];
