import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts failed logins of an account until the next event tells of them. */
export class LoginFailures0000000000021 implements MigrationInterface {
  readonly name = 'LoginFailures0000000000021';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  `CREATE TABLE login_failures (
     user_id uuid NOT NULL,
     count integer NOT NULL,
     since timestamptz NOT NULL,
     until timestamptz NOT NULL,
     ip text,
     user_agent text,
     due_at timestamptz,
     told_at timestamptz,
     CONSTRAINT login_failures_pk PRIMARY KEY (user_id),
     CONSTRAINT login_failures_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
   )`,
  // Holds only what is still to be told.
  `CREATE INDEX login_failures_due_index ON login_failures (due_at) WHERE due_at IS NOT NULL`,
  `CREATE INDEX login_failures_told_index ON login_failures (told_at) WHERE due_at IS NULL`,
];
