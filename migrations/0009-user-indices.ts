import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds by an index those whom a name other than their id names, among however many users. */
export class UserIndices0000000000009 implements MigrationInterface {
  readonly name = 'UserIndices0000000000009';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  // The few who are told of what breaks, and of whom one must stay.
  `CREATE INDEX users_administrators_index ON users (application_id, id) WHERE role = 'admin'`,
  // A server's users, whom an import may name by their address; accounts have an index of their own.
  `CREATE INDEX users_known_email_index ON users (application_id, email)
    WHERE password_hash IS NULL AND email IS NOT NULL`,
];
