import { DataSource, type DataSourceOptions } from 'typeorm';
import { isStartupParameterRefused, type TimeLimits } from './time-limits.js';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/** What we connect with; the rest is the same everywhere. */
export type ConnectOptions = Omit<PostgresOptions, 'type' | 'synchronize' | 'installExtensions' | 'extra'> & {
  readonly limits: TimeLimits;
  readonly extra?: Readonly<Record<string, unknown>>;
};

/** A hung PostgreSQL costs a request at most five seconds: two to get a connection, the rest for an answer. */
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * Connects, and asks PostgreSQL for time limits as each connection starts. A pooler that knows no such thing is asked
 * without: there the role's own limits count (`limitRole`).
 *
 * @throws the driver's error where PostgreSQL cannot be reached
 */
export async function connect({ limits, extra, ...options }: ConnectOptions): Promise<DataSource> {
  const sourceWith = (more: object): DataSource =>
    new DataSource({
      type: 'postgres',
      synchronize: false,
      installExtensions: false,
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
      // The pool replaces broken connections by itself; an idle one that breaks is no news.
      poolErrorHandler: () => undefined,
      ...options,
      extra: { ...extra, ...more },
    });
  const limited = { statement_timeout: limits.statementTimeoutMs, lock_timeout: limits.lockTimeoutMs };
  try {
    return await sourceWith(limited).initialize();
  } catch (error) {
    if (!isStartupParameterRefused(error)) throw error;
    return await sourceWith({}).initialize();
  }
}
