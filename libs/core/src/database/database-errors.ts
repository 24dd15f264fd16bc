// SQLSTATE classes that say "not now" rather than "not so": connection, authorisation, catalogue name (both as in a
// database that is being restored), resources, operator intervention, system.
const UNAVAILABLE_CLASSES = new Set(['08', '28', '3D', '53', '57', '58']);
const UNAVAILABLE_CODES = new Set(['25006', '40001', '40P01', '55P03']);
const SYSTEM_ERRORS = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOENT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ENOTFOUND', 'EAI_AGAIN'],
]);
const NEVER_CONNECTED = new Set([
  ...['ECONNREFUSED', 'ENOENT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
]);
const NO_CONNECTION = /timeout exceeded when trying to connect|pool after calling end/;
const DRIVER_MESSAGES =
  /timeout exceeded when trying to connect|Query read timeout|Connection terminated|Client has encountered a connection error|pool after calling end|Client was closed|Driver not Connected/;

function driverError(error: unknown): { code?: unknown; message?: unknown; errors?: unknown } | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  return 'driverError' in error && typeof error.driverError === 'object' && error.driverError !== null
    ? error.driverError
    : error;
}

/** The SQLSTATE of an error of `pg` or TypeORM, if it has one. */
function sqlState(error: unknown): string | undefined {
  const code = driverError(error)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Whether an error means that PostgreSQL cannot answer now, so that a caller should come back later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const cause = driverError(error);
  if (cause === undefined) return false;
  if (Array.isArray(cause.errors) && cause.errors.length > 0)
    return cause.errors.every(isDatabaseUnavailable);
  const state = sqlState(error);
  if (state !== undefined) return UNAVAILABLE_CLASSES.has(state.slice(0, 2)) || UNAVAILABLE_CODES.has(state);
  if (typeof cause.code === 'string' && SYSTEM_ERRORS.has(cause.code)) return true;
  return typeof cause.message === 'string' && DRIVER_MESSAGES.test(cause.message);
}

/**
 * Whether PostgreSQL itself said so, on a connection that goes on: it has ended the statement, and nothing of it is
 * written. False where nobody knows.
 */
export function isAnswered(error: unknown): boolean {
  const state = sqlState(error);
  // An administrator who ends the back end, or the server, ends the connection with it (57P01 and its like).
  return state !== undefined && !state.startsWith('57P');
}

/** Whether a lock was not to be had in the time that there was for it, or only by breaking a deadlock. */
export function isLockUnavailable(error: unknown): boolean {
  const state = sqlState(error);
  return state === '55P03' || state === '40P01';
}

/** What PostgreSQL says where a role may not do something; `undefined` for any other error. */
export function insufficientPrivilege(error: unknown): string | undefined {
  if (sqlState(error) !== '42501') return undefined;
  const message = driverError(error)?.message;
  return typeof message === 'string' ? message : 'permission denied';
}

/**
 * Whether a statement that failed may have been done all the same: it was sent, and the connection was lost before its
 * answer came.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return state.startsWith('08') || state.startsWith('57P');
  const cause = driverError(error);
  if (typeof cause?.code === 'string' && NEVER_CONNECTED.has(cause.code)) return false;
  return !(typeof cause?.message === 'string' && NO_CONNECTION.test(cause.message));
}

/** Whether what a row refers to was removed by another request meanwhile. */
export function isForeignKeyViolation(error: unknown): boolean {
  return sqlState(error) === '23503';
}

/** Whether an insert or update met a row that is already there; `constraint` narrows it to one index. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (sqlState(error) !== '23505') return false;
  const cause: object | undefined = driverError(error);
  return (
    constraint === undefined ||
    (cause !== undefined && 'constraint' in cause && cause.constraint === constraint)
  );
}

/** Whether a pooler lost, or doubled, a prepared statement (PgBouncer in transaction mode). */
export function isPreparedStatementLost(error: unknown): boolean {
  const state = sqlState(error);
  return state === '26000' || state === '42P05';
}
