import { insufficientPrivilege } from './database-errors.js';

/** PostgreSQL answers and cannot be used. The message tells the operator why, and what to do. */
export class UnusableDatabase extends Error {
  override readonly name = 'UnusableDatabase';
}

/** The oldest PostgreSQL that has everything which our SQL needs. */
const MIN_VERSION = 14;

/** Who we are to PostgreSQL, and what it is. */
export interface DatabaseFacts {
  readonly user: string;
  readonly database: string;
  /** As `server_version_num` tells it: 150004 is 15.4. */
  readonly version: number;
}

/** Reads `DatabaseFacts`. */
export const FACTS = `
  SELECT current_user AS "user", current_database() AS database,
         current_setting('server_version_num')::integer AS version`;

/** @throws UnusableDatabase where PostgreSQL is older than we can do with */
export function requireVersion({ version }: DatabaseFacts): void {
  const major = Math.floor(version / 10_000);
  if (major >= MIN_VERSION) return;
  throw new UnusableDatabase(
    `DATABASE_URL: PostgreSQL ${major} is too old. Countersign needs PostgreSQL ${MIN_VERSION} or newer.`,
  );
}

/**
 * What to say where the role may not do what a migration or the job engine does.
 * @returns `undefined` for any other error
 */
export function missingRights(error: unknown, { user, database }: DatabaseFacts): string | undefined {
  const refusal = insufficientPrivilege(error);
  if (refusal === undefined) return undefined;
  return (
    `The role ${user} may not change the database ${database} (${refusal}). As the owner of the database run ` +
    `GRANT CREATE ON DATABASE "${database}" TO "${user}"; GRANT USAGE, CREATE ON SCHEMA public TO "${user}".`
  );
}
