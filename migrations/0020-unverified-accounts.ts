import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Finds accounts whose address nobody has verified. Apart from the columns that it needs, so that what reads all users
 * does not hold the lock that adds columns.
 */
export class UnverifiedAccounts0000000000020 implements MigrationInterface {
  readonly name = 'UnverifiedAccounts0000000000020';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  `CREATE INDEX IF NOT EXISTS users_unverified_index ON users (verification_mailed_at)
    WHERE must_verify AND email_verified_at IS NULL`,

  // Of accounts that are there already, only those are known to be made under the policy that got no session with
  // their registration and have a link that was sent. Their time begins now. All others are never swept.
  `UPDATE users SET must_verify = true, verification_mailed_at = now()
    WHERE email_verified_at IS NULL AND password_hash IS NOT NULL AND role = 'user'
      AND id IN (SELECT user_id FROM mailed_links WHERE kind = 'verify_email' AND due_at IS NULL AND digest IS NOT NULL)
      AND application_id IN (SELECT id FROM applications WHERE policy @> '{"requireVerifiedEmail": true}')
      AND NOT EXISTS (SELECT FROM sessions WHERE sessions.user_id = users.id)
      AND EXISTS (SELECT FROM events WHERE events.user_id = users.id AND events.type = 'user.created')
      AND NOT EXISTS (SELECT FROM events WHERE events.user_id = users.id AND events.type = 'session.created')`,
];
