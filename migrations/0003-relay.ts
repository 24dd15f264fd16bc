import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What lets events be handed on after their commit, each once, in an order that skips none. */
export class Relay0000000000003 implements MigrationInterface {
  readonly name = 'Relay0000000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  // The transaction that wrote an event. A row is read once every transaction before it has ended, so that one which
  // commits late is not passed over. The version before writes it by the default.
  `ALTER TABLE events ADD COLUMN tx bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint`,
  `CREATE INDEX events_tx_index ON events (tx, id)`,
  `CREATE TABLE relay_positions (
     subscriber text NOT NULL,
     tx bigint NOT NULL,
     event_id uuid NOT NULL,
     at timestamptz NOT NULL,
     CONSTRAINT relay_positions_pk PRIMARY KEY (subscriber)
   )`,
  // From here on, and not from the beginning of the log.
  `INSERT INTO relay_positions (subscriber, tx, event_id, at)
   VALUES ('notices', pg_current_xact_id()::text::bigint, 'ffffffff-ffff-ffff-ffff-ffffffffffff', now())`,
];
