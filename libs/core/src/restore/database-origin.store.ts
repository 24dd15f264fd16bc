import { Injectable } from '@nestjs/common';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';

/** What is known of where this database's rows were made. */
export interface DatabaseOrigin {
  /** Whether nobody has written that down yet. */
  readonly missing: boolean;
  /** Whether they were made elsewhere: this is a backup that was restored. */
  readonly restored: boolean;
  /** Since when an operator is waited for. */
  readonly heldSince: Date | null;
}

/** SQL of this place; `pg_control_system` may be read by everybody. */
const HERE = `(SELECT system_identifier::text AS system_identifier,
                      (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database_oid,
                      'database_origin'::regclass::oid::bigint AS table_oid
                 FROM pg_control_system())`;

/** SQL of whether a row `origin` was written here. */
export const IS_HERE = `(origin.system_identifier, origin.database_oid, origin.table_oid) =
          (SELECT system_identifier, database_oid, table_oid FROM ${HERE} AS here)`;

/** SQL of a number of this cluster's transactions, as events are numbered. */
export function numbered(xid: string): string {
  return `(${xid}::text::bigint + origin.tx_offset)`;
}

const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

// A subscriber that is ahead of all transactions has come from a server that has counted more of them.
const LOOK = statement(
  'origin-look',
  `SELECT origin.id IS NULL AS missing, origin.held_since AS "heldSince",
          origin.id IS NOT NULL AND NOT (${IS_HERE})
          OR EXISTS (SELECT FROM relay_positions
                      WHERE tx >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                                  + COALESCE(origin.tx_offset, 0)) AS restored
     FROM (SELECT) AS always
     LEFT JOIN database_origin AS origin ON true`,
);

const LOCK = statement('origin-lock', 'LOCK TABLE database_origin IN EXCLUSIVE MODE');

const ADOPT = statement(
  'origin-adopt',
  `INSERT INTO database_origin (system_identifier, database_oid, table_oid)
   SELECT system_identifier, database_oid, table_oid FROM ${HERE} AS here
   ON CONFLICT ON CONSTRAINT database_origin_pk DO NOTHING`,
);

// Numbers go on from the last one of before, where those of this cluster are not beyond it anyway.
const HOLD = statement(
  'origin-hold',
  `INSERT INTO database_origin AS origin
          (system_identifier, database_oid, table_oid, tx_offset, restored_tx, held_since)
   SELECT here.system_identifier, here.database_oid, here.table_oid,
          CASE WHEN pg_current_xact_id()::text::bigint + COALESCE(before.tx_offset, 0) > last.tx
               THEN COALESCE(before.tx_offset, 0) ELSE last.tx END,
          last.tx, now()
     FROM ${HERE} AS here
     CROSS JOIN (SELECT GREATEST((SELECT max(tx) FROM events),
                                 (SELECT max(tx) FROM relay_positions), 0) AS tx) AS last
     LEFT JOIN database_origin AS before ON true
   ON CONFLICT ON CONSTRAINT database_origin_pk DO UPDATE
      SET system_identifier = EXCLUDED.system_identifier, database_oid = EXCLUDED.database_oid,
          table_oid = EXCLUDED.table_oid, tx_offset = EXCLUDED.tx_offset,
          restored_tx = EXCLUDED.restored_tx, held_since = EXCLUDED.held_since
   RETURNING tx_offset::text AS "txOffset"`,
);

const SKIP = statement(
  'origin-skip',
  `UPDATE relay_positions AS position SET tx = origin.restored_tx, event_id = '${LAST_ID}'
     FROM database_origin AS origin
    WHERE position.tx <= origin.restored_tx`,
);

const UNSENT = statement(
  'origin-unsent',
  `SELECT count(*)::integer AS count
     FROM events
    WHERE tx > (SELECT min(tx) FROM relay_positions) AND tx <= (SELECT restored_tx FROM database_origin)`,
);

const RELEASE = statement('origin-release', 'UPDATE database_origin SET held_since = NULL');

/** Reads and writes where this database's rows were made. */
@Injectable()
export class DatabaseOriginStore {
  async look(tx: Tx): Promise<DatabaseOrigin> {
    const [origin] = await tx.query<DatabaseOrigin>(LOOK, []);
    if (origin === undefined) throw new TypeError('A look at the origin has one row');
    return origin;
  }

  /** Lets one process at a time write. */
  async lock(tx: Tx): Promise<void> {
    await tx.query(LOCK, []);
  }

  /** Writes down that rows are made here. */
  async adopt(tx: Tx): Promise<void> {
    await tx.query(ADOPT, []);
  }

  /** Takes this place for that of the rows, which came from elsewhere, until an operator has decided. */
  async hold(tx: Tx): Promise<void> {
    const [origin] = await tx.query<{ txOffset: string }>(HOLD, []);
    // No parameter can stand here; it is a number that PostgreSQL has just told.
    const offset = BigInt(origin?.txOffset ?? 0);
    await tx.run(
      `ALTER TABLE events ALTER COLUMN tx SET DEFAULT pg_current_xact_id()::text::bigint + ${String(offset)}`,
    );
  }

  /** How many events of before the restore some subscriber has not been handed. */
  async unsent(tx: Tx): Promise<number> {
    const [row] = await tx.query<{ count: number }>(UNSENT, []);
    return row?.count ?? 0;
  }

  /** Lets subscribers go on after the events of before the restore. */
  async skip(tx: Tx): Promise<void> {
    await tx.query(SKIP, []);
  }

  /** Ends the hold. */
  async release(tx: Tx): Promise<void> {
    await tx.query(RELEASE, []);
  }
}
