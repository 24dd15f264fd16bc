import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What makes a device one and the same, so that it is one factor of one user. */
export class FactorIdentities0000000000012 implements MigrationInterface {
  readonly name = 'FactorIdentities0000000000012';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  // The version before activates without it. Workers claim what it leaves, and what was there: secrets are sealed, so that
  // no migration can.
  `ALTER TABLE factors ADD COLUMN identity bytea`,
  `CREATE UNIQUE INDEX factors_identity_key ON factors (application_id, type, identity) WHERE identity IS NOT NULL`,
  // For the workers; empty once they are done.
  `CREATE INDEX factors_unclaimed_index ON factors (id)
    WHERE type = 'webauthn' AND status = 'active' AND identity IS NULL`,
];
