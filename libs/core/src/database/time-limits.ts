import type { DataSource, EntityManager } from 'typeorm';

/** PostgreSQL's own limits on one connection, in milliseconds; 0 is none. */
export interface TimeLimits {
  /** After which PostgreSQL ends a statement, whatever became of the client. */
  readonly statementTimeoutMs: number;
  /** After which it gives up waiting for a lock. */
  readonly lockTimeoutMs: number;
}

/** Those of a request's statements. */
export const REQUEST_LIMITS: TimeLimits = { statementTimeoutMs: 5_000, lockTimeoutMs: 2_000 };

/** Those of a worker's batches. */
export const BATCH_LIMITS: TimeLimits = { statementTimeoutMs: 60_000, lockTimeoutMs: 2_000 };

/** Those of imports, exports and what a command does to the whole database. */
export const NO_LIMITS: TimeLimits = { statementTimeoutMs: 0, lockTimeoutMs: 0 };

/** Those of a migration, which may take its time but must not keep requests behind it while it waits for a lock. */
export const MIGRATION_LIMITS: TimeLimits = { statementTimeoutMs: 0, lockTimeoutMs: 5_000 };

/** SQL that gives the transaction around it other limits. It survives poolers, as nothing of a session's does. */
export function setLocalLimits({ statementTimeoutMs, lockTimeoutMs }: TimeLimits): string {
  return `SET LOCAL statement_timeout = ${statementTimeoutMs}; SET LOCAL lock_timeout = ${lockTimeoutMs}`;
}

/**
 * Whether a connection was refused because of the limits that it asked for. PgBouncer says 08P01, "unsupported startup
 * parameter"; others have codes of their own for the same.
 */
export function isStartupParameterRefused(error: unknown): boolean {
  return error instanceof Error && /startup (parameter|option)|command-line options/i.test(error.message);
}

interface Setting {
  readonly name: string;
  readonly ms: number;
  readonly ofRole: boolean;
}

// In milliseconds, whatever unit it was written in. A setting of the role counts for connections made after it.
const SETTINGS = `
  SELECT name, setting::integer AS ms,
         EXISTS (SELECT 1
                   FROM pg_db_role_setting
                   JOIN pg_roles ON pg_roles.oid = setrole AND rolname = current_user
                   JOIN pg_database ON pg_database.oid = setdatabase AND datname = current_database()
                  WHERE EXISTS (SELECT 1 FROM unnest(setconfig) AS one WHERE starts_with(one, name || '='))) AS "ofRole"
    FROM pg_settings
   WHERE name IN ('statement_timeout', 'lock_timeout')`;

/** What is in force on a connection, and why a limit is not. */
export interface LimitsInForce extends TimeLimits {
  /** Whether both are at most those of a request. */
  readonly bounded: boolean;
  /** Whether those that are not are set for the role, and so come with connections that are made from now on. */
  readonly coming: boolean;
}

/** Reads the limits that are in force. Behind a pooler other connections may have others. */
export async function readLimits(dataSource: DataSource): Promise<LimitsInForce> {
  const settings = await dataSource.query<Setting[]>(SETTINGS);
  const of = (name: string): Setting | undefined => settings.find((setting) => setting.name === name);
  const wanted = [
    { setting: of('statement_timeout'), most: REQUEST_LIMITS.statementTimeoutMs },
    { setting: of('lock_timeout'), most: REQUEST_LIMITS.lockTimeoutMs },
  ];
  const unbounded = wanted.filter(
    ({ setting, most }) => setting === undefined || setting.ms === 0 || setting.ms > most,
  );
  return {
    statementTimeoutMs: of('statement_timeout')?.ms ?? 0,
    lockTimeoutMs: of('lock_timeout')?.ms ?? 0,
    bounded: unbounded.length === 0,
    coming: unbounded.every(({ setting }) => setting?.ofRole === true),
  };
}

// Identifiers cannot be parameters. What an operator has set for this role stays.
const LIMIT_ROLE = `
  DO $$
  DECLARE
    wanted record;
  BEGIN
    FOR wanted IN SELECT * FROM (VALUES ('statement_timeout', '${REQUEST_LIMITS.statementTimeoutMs}ms'),
                                        ('lock_timeout', '${REQUEST_LIMITS.lockTimeoutMs}ms')) AS pair (name, value)
    LOOP
      CONTINUE WHEN EXISTS (
        SELECT 1
          FROM pg_db_role_setting
          JOIN pg_roles ON pg_roles.oid = setrole AND rolname = current_user
          JOIN pg_database ON pg_database.oid = setdatabase AND datname = current_database()
         WHERE EXISTS (SELECT 1 FROM unnest(setconfig) AS one WHERE starts_with(one, wanted.name || '=')));
      EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %s = %L',
                     current_user, current_database(), wanted.name, wanted.value);
    END LOOP;
  END
  $$`;

/**
 * Gives the role that we are its limits in this database, for where connections cannot ask for them: a pooler refuses or
 * ignores what it does not know. It counts for connections that the pooler makes from now on.
 */
export async function limitRole(manager: EntityManager): Promise<void> {
  await manager.query(LIMIT_ROLE);
}
