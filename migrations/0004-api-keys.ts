import type { MigrationInterface, QueryRunner } from 'typeorm';

/** API keys, and the answers that are kept for requests that are repeated. */
export class ApiKeys0000000000004 implements MigrationInterface {
  readonly name = 'ApiKeys0000000000004';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  `CREATE TABLE api_keys (
     id uuid NOT NULL,
     application_id uuid NOT NULL,
     name text NOT NULL,
     digest bytea NOT NULL,
     previous_digest bytea,
     previous_until timestamptz,
     scopes text[] NOT NULL,
     limit_requests integer,
     limit_seconds integer,
     created_at timestamptz NOT NULL,
     last_used_at timestamptz,
     expires_at timestamptz,
     revoked_at timestamptz,
     CONSTRAINT api_keys_pk PRIMARY KEY (id),
     CONSTRAINT api_keys_application_fk FOREIGN KEY (application_id) REFERENCES applications (id)
   )`,
  `CREATE INDEX api_keys_application_index ON api_keys (application_id, id)`,

  `CREATE TABLE idempotent_requests (
     key_id uuid NOT NULL,
     idempotency_key text COLLATE "C" NOT NULL,
     fingerprint bytea NOT NULL,
     answer bytea,
     expires_at timestamptz NOT NULL,
     CONSTRAINT idempotent_requests_pk PRIMARY KEY (key_id, idempotency_key),
     CONSTRAINT idempotent_requests_key_fk FOREIGN KEY (key_id) REFERENCES api_keys (id) ON DELETE CASCADE
   )`,
  `CREATE INDEX idempotent_requests_expires_at_index ON idempotent_requests (expires_at)`,

  // For listing an application's users.
  `CREATE INDEX users_application_index ON users (application_id, id)`,
];
