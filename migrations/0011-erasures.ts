import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lets a user be erased however much they have left behind: what is left goes in batches, after the user. */
export class Erasures0000000000011 implements MigrationInterface {
  readonly name = 'Erasures0000000000011';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  // Without a foreign key: the user is gone by then. The place is that of the last event that was looked at.
  `CREATE TABLE erasures (
     user_id uuid NOT NULL,
     erased_at timestamptz NOT NULL DEFAULT now(),
     pass smallint NOT NULL DEFAULT 1,
     after_at timestamptz NOT NULL DEFAULT '-infinity',
     after_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
     cleared_at timestamptz,
     CONSTRAINT erasures_pk PRIMARY KEY (user_id)
   )`,
  // Holds only what is still to be done.
  `CREATE INDEX erasures_open_index ON erasures (erased_at) WHERE cleared_at IS NULL`,
  `CREATE INDEX erasures_cleared_index ON erasures (cleared_at) WHERE cleared_at IS NOT NULL`,

  // A code is sent before its user is written with their first factor, and while another request erases the user. The
  // records of an erased user's messages go with what else is left of them.
  `ALTER TABLE messages DROP CONSTRAINT messages_user_fk`,
];
