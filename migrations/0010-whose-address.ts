import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Registrations that wait for their address, and accounts whose address was never verified. */
export class WhoseAddress0000000000010 implements MigrationInterface {
  readonly name = 'WhoseAddress0000000000010';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  // A registration of an address that has an unverified account waits in its link: there is no account of its own.
  `ALTER TABLE mailed_links
     ADD COLUMN password_hash text,
     ADD COLUMN display_name text,
     ADD COLUMN locale text,
     ADD COLUMN failures integer NOT NULL DEFAULT 0,
     DROP CONSTRAINT mailed_links_kind_check,
     ADD CONSTRAINT mailed_links_kind_check CHECK (
       kind IN ('verify_email', 'change_email', 'email_change_requested', 'reset_password', 'already_registered',
                'address_confirmed'))`,

  `ALTER TABLE users
     ADD COLUMN must_verify boolean NOT NULL DEFAULT false,
     ADD COLUMN verification_mailed_at timestamptz,
     ADD COLUMN second_factor_removed_at timestamptz`,
];
