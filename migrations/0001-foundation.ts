import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The first schema: applications, users, factors, what is spent, devices, sessions, keys and the event log. */
export class Foundation0000000000001 implements MigrationInterface {
  readonly name = 'Foundation0000000000001';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  `CREATE TABLE data_keys (
     id uuid NOT NULL,
     wrapped bytea NOT NULL,
     created_at timestamptz NOT NULL,
     CONSTRAINT data_keys_pk PRIMARY KEY (id)
   )`,

  `CREATE TABLE signing_keys (
     id uuid NOT NULL,
     kid text NOT NULL,
     public_jwk jsonb NOT NULL,
     private_key bytea NOT NULL,
     created_at timestamptz NOT NULL,
     retired_at timestamptz,
     CONSTRAINT signing_keys_pk PRIMARY KEY (id),
     CONSTRAINT signing_keys_kid_key UNIQUE (kid)
   )`,

  `CREATE TABLE applications (
     id uuid NOT NULL,
     slug text NOT NULL,
     name text NOT NULL,
     issuer text NOT NULL,
     allowed_origins text[] NOT NULL DEFAULT '{}',
     policy jsonb NOT NULL DEFAULT '{}',
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     CONSTRAINT applications_pk PRIMARY KEY (id),
     CONSTRAINT applications_slug_key UNIQUE (slug)
   )`,

  `CREATE TABLE users (
     id uuid NOT NULL,
     application_id uuid NOT NULL,
     external_id text COLLATE "C" NOT NULL,
     email text,
     email_verified_at timestamptz,
     display_name text,
     locale text,
     status text NOT NULL DEFAULT 'active',
     role text NOT NULL DEFAULT 'user',
     password_hash text,
     security_epoch integer NOT NULL DEFAULT 1,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     CONSTRAINT users_pk PRIMARY KEY (id),
     CONSTRAINT users_application_fk FOREIGN KEY (application_id) REFERENCES applications (id),
     CONSTRAINT users_status_check CHECK (status IN ('active', 'suspended')),
     CONSTRAINT users_role_check CHECK (role IN ('user', 'admin'))
   )`,
  `CREATE UNIQUE INDEX users_external_id_key ON users (application_id, external_id)`,
  // Only accounts log in by address; a server's users may share one.
  `CREATE UNIQUE INDEX users_account_email_key ON users (application_id, email) WHERE password_hash IS NOT NULL`,

  `CREATE TABLE factors (
     id uuid NOT NULL,
     application_id uuid NOT NULL,
     user_id uuid NOT NULL,
     type text NOT NULL,
     label text,
     status text NOT NULL,
     is_default boolean NOT NULL DEFAULT false,
     hint text NOT NULL,
     secret bytea NOT NULL,
     secret_version integer NOT NULL DEFAULT 1,
     watermark bigint,
     failures integer NOT NULL DEFAULT 0,
     locked_at timestamptz,
     security_epoch integer NOT NULL,
     begun_by text,
     expires_at timestamptz,
     created_at timestamptz NOT NULL,
     activated_at timestamptz,
     last_used_at timestamptz,
     CONSTRAINT factors_pk PRIMARY KEY (id),
     CONSTRAINT factors_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
     CONSTRAINT factors_application_fk FOREIGN KEY (application_id) REFERENCES applications (id),
     CONSTRAINT factors_status_check CHECK (status IN ('pending', 'active'))
   )`,
  `CREATE INDEX factors_user_index ON factors (user_id, id)`,
  // Lets the start find every enrolled type without reading the table.
  `CREATE INDEX factors_type_index ON factors (type) WHERE status = 'active'`,
  // For sweeping enrolments that nobody ended.
  `CREATE INDEX factors_pending_index ON factors (expires_at) WHERE status = 'pending'`,
  `CREATE UNIQUE INDEX factors_default_key ON factors (user_id) WHERE is_default`,

  `CREATE TABLE spent_tokens (
     factor_id uuid NOT NULL,
     token text NOT NULL,
     spent_at timestamptz NOT NULL,
     CONSTRAINT spent_tokens_pk PRIMARY KEY (factor_id, token),
     CONSTRAINT spent_tokens_factor_fk FOREIGN KEY (factor_id) REFERENCES factors (id) ON DELETE CASCADE
   )`,
  `CREATE TABLE spent_challenges (
     challenge_id uuid NOT NULL,
     spent_at timestamptz NOT NULL,
     CONSTRAINT spent_challenges_pk PRIMARY KEY (challenge_id)
   )`,
  `CREATE INDEX spent_challenges_spent_at_index ON spent_challenges (spent_at)`,

  `CREATE TABLE devices (
     id uuid NOT NULL,
     application_id uuid NOT NULL,
     user_id uuid NOT NULL,
     security_epoch integer NOT NULL,
     digest bytea NOT NULL,
     name text,
     ip text,
     user_agent text,
     password_failures integer NOT NULL DEFAULT 0,
     created_at timestamptz NOT NULL,
     last_used_at timestamptz,
     expires_at timestamptz NOT NULL,
     revoked_at timestamptz,
     CONSTRAINT devices_pk PRIMARY KEY (id),
     CONSTRAINT devices_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
     CONSTRAINT devices_application_fk FOREIGN KEY (application_id) REFERENCES applications (id)
   )`,
  `CREATE INDEX devices_user_index ON devices (user_id, id)`,
  `CREATE INDEX devices_expires_at_index ON devices (expires_at)`,

  `CREATE TABLE sessions (
     id uuid NOT NULL,
     application_id uuid NOT NULL,
     user_id uuid NOT NULL,
     security_epoch integer NOT NULL,
     refresh_digest bytea NOT NULL,
     previous_digest bytea,
     generation integer NOT NULL DEFAULT 0,
     rotated_at timestamptz,
     amr text[] NOT NULL,
     auth_time timestamptz NOT NULL,
     mfa_time timestamptz,
     ip text,
     user_agent text,
     created_at timestamptz NOT NULL,
     last_used_at timestamptz NOT NULL,
     expires_at timestamptz NOT NULL,
     ends_at timestamptz NOT NULL,
     revoked_at timestamptz,
     CONSTRAINT sessions_pk PRIMARY KEY (id),
     CONSTRAINT sessions_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
     CONSTRAINT sessions_application_fk FOREIGN KEY (application_id) REFERENCES applications (id)
   )`,
  `CREATE INDEX sessions_user_index ON sessions (user_id, id)`,
  // For sweeping those that ended.
  `CREATE INDEX sessions_ends_at_index ON sessions (ends_at)`,

  `CREATE TABLE events (
     id uuid NOT NULL,
     at timestamptz NOT NULL,
     application_id uuid NOT NULL,
     type text NOT NULL,
     user_id uuid,
     actor_type text NOT NULL,
     actor_id text,
     ip text,
     user_agent text,
     request_id text,
     data jsonb NOT NULL,
     CONSTRAINT events_pk PRIMARY KEY (id, at)
   ) PARTITION BY RANGE (at)`,
  // Catches what no monthly partition covers: a clock that is far off must not lose an audit record.
  `CREATE TABLE events_default PARTITION OF events DEFAULT`,
  `CREATE INDEX events_application_index ON events (application_id, at, id)`,
  `CREATE INDEX events_user_index ON events (user_id, at, id)`,
  `CREATE INDEX events_type_index ON events (application_id, type, at, id)`,
];
