import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is asked for while a delivery is under way, and where a replay stands among others. */
export class Redeliveries0000000000017 implements MigrationInterface {
  readonly name = 'Redeliveries0000000000017';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  `ALTER TABLE webhook_deliveries ADD COLUMN again boolean NOT NULL DEFAULT false`,
  `ALTER TABLE webhook_replays
     ADD COLUMN batch uuid[] NOT NULL DEFAULT '{}',
     ADD COLUMN turn_at timestamptz`,
];
