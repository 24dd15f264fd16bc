import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tells a database from one that was restored from its backup. */
export class DatabaseOrigin0000000000016 implements MigrationInterface {
  readonly name = 'DatabaseOrigin0000000000016';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}

const STATEMENTS = [
  // One row, which the first start writes: where the rows of this database were made. A backup takes it along, and where
  // it is restored it does not fit any more. Transactions of a new server are counted from tx_offset on, so that events
  // stay in order.
  `CREATE TABLE database_origin (
     id smallint NOT NULL DEFAULT 1,
     system_identifier text NOT NULL,
     database_oid bigint NOT NULL,
     table_oid bigint NOT NULL,
     tx_offset bigint NOT NULL DEFAULT 0,
     restored_tx bigint,
     held_since timestamptz,
     CONSTRAINT database_origin_pk PRIMARY KEY (id),
     CONSTRAINT database_origin_one_check CHECK (id = 1)
   )`,
];
