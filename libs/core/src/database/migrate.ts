import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource, EntityManager, MigrationInterface, QueryRunner } from 'typeorm';
import { connect } from './connect.js';
import { isLockUnavailable } from './database-errors.js';
import {
  limitRole,
  MIGRATION_LIMITS,
  NO_LIMITS,
  readLimits,
  REQUEST_LIMITS,
  setLocalLimits,
  type TimeLimits,
} from './time-limits.js';
import {
  type DatabaseFacts,
  FACTS,
  missingRights,
  requireVersion,
  UnusableDatabase,
} from './unusable-database.js';

// Any 64-bit number of our own; instances that start together take turns behind it.
const MIGRATION_LOCK = '7308324476502171507';
/** Each attempt keeps requests waiting for as long as it waits for its lock; between them they go on. */
const MAX_ATTEMPTS = 12;
const PAUSE_BETWEEN_ATTEMPTS_MS = 1_000;

/** A migration. */
export type MigrationClass = new () => MigrationInterface;

/** A migration could not have a table to itself. Its message says so to the operator. */
export class MigrationBlocked extends Error {
  override readonly name = 'MigrationBlocked';

  constructor() {
    super(
      `The database cannot be migrated: in ${MAX_ATTEMPTS} attempts a table ` +
        'was never free. End the transaction that holds it (SELECT * FROM pg_stat_activity WHERE xact_start < now() - ' +
        "interval '10 seconds') and start again.",
    );
  }
}

/**
 * Applies pending migrations. Instances that start together take turns; all but the first find nothing to do. Behind a
 * pooler it also gives the role its time limits.
 *
 * @param limits of each migration
 * @returns the names of the migrations applied
 * @throws MigrationBlocked, UnusableDatabase
 */
export async function migrate(
  url: string,
  migrations: readonly MigrationClass[],
  limits: TimeLimits = MIGRATION_LIMITS,
): Promise<string[]> {
  const applied: string[] = [];
  const dataSource = await connect({
    url,
    limits: REQUEST_LIMITS,
    migrations: migrations.map((Migration) => withLimits(Migration, limits, (name) => applied.push(name))),
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    applicationName: 'countersign migrations',
    poolSize: 2,
  });
  try {
    const [facts] = await dataSource.query<[DatabaseFacts]>(FACTS);
    requireVersion(facts);
    await applyInTurn(dataSource, facts);
    // A role that may not do that is told of at the start, which looks for the limits.
    if (!(await readLimits(dataSource)).bounded) await inTurn(dataSource, limitRole).catch(() => undefined);
    return applied;
  } finally {
    await dataSource.destroy();
  }
}

async function applyInTurn(dataSource: DataSource, facts: DatabaseFacts): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await inTurn(dataSource, () => dataSource.runMigrations());
      return;
    } catch (error) {
      const rights = missingRights(error, facts);
      if (rights !== undefined) throw new UnusableDatabase(`DATABASE_URL: ${rights}`);
      if (!isLockUnavailable(error)) throw error;
      if (attempt === MAX_ATTEMPTS) throw new MigrationBlocked();
      await pause(PAUSE_BETWEEN_ATTEMPTS_MS);
    }
  }
}

async function inTurn(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<unknown>,
): Promise<void> {
  await dataSource.transaction(async (manager) => {
    // Others may have much to do before it is our turn.
    await manager.query(setLocalLimits(NO_LIMITS));
    // Bound to the transaction, because a session's lock does not survive PgBouncer's transaction mode.
    await manager.query(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    await work(manager);
  });
}

// In the migration's own transaction: what a session is given does not survive poolers.
function withLimits(
  Migration: MigrationClass,
  limits: TimeLimits,
  done: (name: string) => void,
): MigrationClass {
  return class extends Migration {
    override async up(runner: QueryRunner): Promise<void> {
      await runner.query(setLocalLimits(limits));
      await super.up(runner);
      done(this.name ?? Migration.name);
    }
  };
}
