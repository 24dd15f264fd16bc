import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The records of messages with codes. */
export class Messages0000000000002 implements MigrationInterface {
  readonly name = 'Messages0000000000002';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  `CREATE TABLE messages (
     id uuid NOT NULL,
     application_id uuid NOT NULL,
     user_id uuid NOT NULL,
     channel text NOT NULL,
     country text,
     enrolment boolean NOT NULL,
     vendor text,
     vendor_id text,
     status text NOT NULL,
     error_code text,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     verified_at timestamptz,
     CONSTRAINT messages_pk PRIMARY KEY (id),
     CONSTRAINT messages_application_fk FOREIGN KEY (application_id) REFERENCES applications (id),
     CONSTRAINT messages_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
     CONSTRAINT messages_channel_check CHECK (channel IN ('sms', 'email')),
     CONSTRAINT messages_status_check
       CHECK (status IN ('queued', 'accepted', 'unknown', 'failed', 'sent', 'delivered', 'undelivered'))
   )`,
  // For the brake on countries where codes are not used.
  `CREATE INDEX messages_country_index ON messages (application_id, country, created_at)
    WHERE country IS NOT NULL`,
  // For erasing a user.
  `CREATE INDEX messages_user_index ON messages (user_id)`,
  // For sweeping what is past retention.
  `CREATE INDEX messages_created_at_index ON messages (created_at)`,
];
