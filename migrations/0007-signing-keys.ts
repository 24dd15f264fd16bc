import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Signing keys that are published before they sign. */
export class SigningKeys0000000000007 implements MigrationInterface {
  readonly name = 'SigningKeys0000000000007';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  // The version before writes its first key without it.
  `ALTER TABLE signing_keys ADD COLUMN signs_from timestamptz NOT NULL DEFAULT now()`,
  `UPDATE signing_keys SET signs_from = created_at`,
];
