import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Links that go out by mail: to verify an address, to choose a new password. */
export class MailedLinks0000000000006 implements MigrationInterface {
  readonly name = 'MailedLinks0000000000006';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  // Without a user until a worker has looked whose address it is: what was asked for tells nothing before.
  `CREATE TABLE mailed_links (
     id uuid NOT NULL,
     application_id uuid NOT NULL,
     user_id uuid,
     kind text NOT NULL,
     email text NOT NULL,
     security_epoch integer,
     digest bytea,
     tries integer NOT NULL DEFAULT 0,
     due_at timestamptz,
     created_at timestamptz NOT NULL,
     expires_at timestamptz NOT NULL,
     CONSTRAINT mailed_links_pk PRIMARY KEY (id),
     CONSTRAINT mailed_links_application_fk FOREIGN KEY (application_id) REFERENCES applications (id),
     CONSTRAINT mailed_links_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
     CONSTRAINT mailed_links_kind_check CHECK (
       kind IN ('verify_email', 'change_email', 'email_change_requested', 'reset_password', 'already_registered'))
   )`,
  `CREATE INDEX mailed_links_user_index ON mailed_links (user_id)`,
  // Holds only what is still to be sent.
  `CREATE INDEX mailed_links_due_index ON mailed_links (due_at) WHERE due_at IS NOT NULL`,
  `CREATE INDEX mailed_links_expires_index ON mailed_links (expires_at)`,

  // Whoever runs the deployment has vouched for its administrators.
  `UPDATE users SET email_verified_at = created_at
    WHERE role = 'admin' AND password_hash IS NOT NULL AND email_verified_at IS NULL`,
];
