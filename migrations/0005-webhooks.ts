import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Webhooks, what is on its way to them, and the relay that feeds them. */
export class Webhooks0000000000005 implements MigrationInterface {
  readonly name = 'Webhooks0000000000005';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  `CREATE TABLE webhooks (
     id uuid NOT NULL,
     application_id uuid NOT NULL,
     url text NOT NULL,
     events text[] NOT NULL,
     description text,
     status text NOT NULL DEFAULT 'enabled',
     secret bytea NOT NULL,
     previous_secret bytea,
     previous_until timestamptz,
     failing_since timestamptz,
     created_at timestamptz NOT NULL,
     updated_at timestamptz NOT NULL,
     CONSTRAINT webhooks_pk PRIMARY KEY (id),
     CONSTRAINT webhooks_application_fk FOREIGN KEY (application_id) REFERENCES applications (id),
     CONSTRAINT webhooks_status_check CHECK (status IN ('enabled', 'disabled'))
   )`,
  `CREATE INDEX webhooks_application_index ON webhooks (application_id, id)`,

  // Without a foreign key to the webhook: what one leaves behind when it goes is dropped with its month.
  `CREATE TABLE webhook_deliveries (
     id uuid NOT NULL,
     created_at timestamptz NOT NULL,
     webhook_id uuid NOT NULL,
     event_id uuid NOT NULL,
     event_at timestamptz NOT NULL,
     event_type text NOT NULL,
     attempt integer NOT NULL DEFAULT 0,
     step integer NOT NULL DEFAULT 0,
     status text NOT NULL DEFAULT 'pending',
     response_status integer,
     response_excerpt text,
     error text,
     next_attempt_at timestamptz,
     leased_until timestamptz,
     CONSTRAINT webhook_deliveries_pk PRIMARY KEY (id, created_at),
     CONSTRAINT webhook_deliveries_status_check CHECK (status IN ('pending', 'succeeded', 'failed'))
   ) PARTITION BY RANGE (created_at)`,
  `CREATE TABLE webhook_deliveries_default PARTITION OF webhook_deliveries DEFAULT`,
  `CREATE INDEX webhook_deliveries_webhook_index ON webhook_deliveries (webhook_id, id)`,
  `CREATE INDEX webhook_deliveries_event_index ON webhook_deliveries (webhook_id, event_id)`,
  // Holds only what a worker has in hand: a few rows, however long the log is.
  `CREATE INDEX webhook_deliveries_lease_index ON webhook_deliveries (leased_until)
    WHERE leased_until IS NOT NULL`,

  `CREATE TABLE webhook_replays (
     id uuid NOT NULL,
     webhook_id uuid NOT NULL,
     after_at timestamptz NOT NULL,
     after_id uuid NOT NULL,
     until timestamptz NOT NULL,
     CONSTRAINT webhook_replays_pk PRIMARY KEY (id),
     CONSTRAINT webhook_replays_webhook_fk FOREIGN KEY (webhook_id) REFERENCES webhooks (id) ON DELETE CASCADE
   )`,

  // From here on, and not from the beginning of the log.
  `INSERT INTO relay_positions (subscriber, tx, event_id, at)
   SELECT subscriber, pg_current_xact_id()::text::bigint, 'ffffffff-ffff-ffff-ffff-ffffffffffff', now()
     FROM unnest(ARRAY['webhooks', 'administrator-notices']) AS subscriber`,
];
