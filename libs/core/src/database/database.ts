import { Logger } from '@nestjs/common';
import type { Client, Pool, PoolClient, QueryResultRow } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { boundSilence, type SilenceBound } from './bounded-silence.js';
import { connect } from './connect.js';
import { isAnswered, isDatabaseUnavailable, isPreparedStatementLost } from './database-errors.js';
import { migrate, type MigrationClass } from './migrate.js';
import type { Statement } from './statement.js';
import {
  BATCH_LIMITS,
  type LimitsInForce,
  readLimits,
  REQUEST_LIMITS,
  setLocalLimits,
  type TimeLimits,
} from './time-limits.js';
import type { Tx } from './tx.js';
import { noteWrite, noting } from './write-watch.js';

/** What a database is opened with. */
export interface DatabaseOptions {
  readonly url: string;
  readonly poolMax: number;
  /** Whether the server, or the pooler before it, keeps named statements. */
  readonly prepared: boolean;
  readonly entities: readonly (new () => object)[];
  /** PostgreSQL's own time limits; those of requests where absent. */
  readonly limits?: TimeLimits;
}

// A hung PostgreSQL costs a request at most five seconds, of which the last is for an answer to the request to cancel.
const REQUEST_SILENCE_MS = 4_000;
const SILENCE_RESERVE_MS = 5_000;
const UNLIMITED_SILENCE_MS = 600_000;

const LIMITS_ARE_COMING =
  'they are set for this role and come with the connections that the pooler makes from now on (RECONNECT at the console ' +
  'of PgBouncer makes them)';
const LIMITS_ARE_MISSING =
  'set them for this role (docs/scaling.md, PgBouncer), ' +
  "ALTER ROLE … IN DATABASE … SET statement_timeout = '5s' and SET lock_timeout = '2s'";

/**
 * The one connection pool, and the unit of work over it.
 *
 * Named statements go to `pg` directly, which costs half of what TypeORM's repositories do; TypeORM's manager works
 * on the same connection and in the same transaction.
 */
export class Database {
  /** The pool as a `Tx`: every statement is a transaction of its own. */
  readonly direct: Tx;
  /** The same for the batches of a worker, which may take a minute. */
  readonly batches: Tx;
  readonly #logger = new Logger('Database');
  readonly #pool: Pool;
  readonly #bounds: WeakMap<object, SilenceBound>;
  #prepared: boolean;

  private constructor(
    readonly dataSource: DataSource,
    prepared: boolean,
    bounds: WeakMap<object, SilenceBound>,
  ) {
    this.#pool = poolOf(dataSource);
    this.#prepared = prepared;
    this.#bounds = bounds;
    const run: Tx['run'] = (text, values) =>
      // What begins a transaction by itself leaves it open where it fails.
      this.#alone(
        (client) => runOn(client, text, values),
        () => false,
      );
    const { manager } = dataSource;
    this.direct = {
      query: (statement, values) => noting(statement, this.#queryDirectly(statement, values)),
      run,
      manager,
    };
    this.batches = {
      query: (statement, values) => this.transaction((tx) => tx.query(statement, values), BATCH_LIMITS),
      run,
      manager,
    };
  }

  /** Connects. Rejects with the driver's error where PostgreSQL cannot be reached. */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { limits = REQUEST_LIMITS } = options;
    const bounds = new WeakMap<object, SilenceBound>();
    const dataSource = await connect({
      url: options.url,
      limits,
      entities: [...options.entities],
      applicationName: 'countersign',
      poolSize: options.poolMax,
      extra: {
        onConnect: (client: Client) => {
          // Between two queries of one request nobody else listens; the next query fails by itself.
          client.on('error', () => undefined);
          bounds.set(client, boundSilence(client, silenceOf(limits)));
        },
        idleTimeoutMillis: 60_000,
        keepAlive: true,
      },
    });
    const database = new Database(dataSource, options.prepared, bounds);
    if (limits === REQUEST_LIMITS) await database.#warnOfMissingLimits();
    return database;
  }

  /** Applies pending migrations. @see migrate */
  static migrate(url: string, migrations: readonly MigrationClass[]): Promise<string[]> {
    return migrate(url, migrations);
  }

  /** PostgreSQL's own limits, as they are on one of the connections. */
  timeLimits(): Promise<LimitsInForce> {
    return readLimits(this.dataSource);
  }

  /**
   * Runs work in one transaction: committed when it resolves, rolled back when it rejects. Where that is how it comes out
   * that the pooler keeps no prepared statements, the work is rolled back and done once more without them.
   *
   * @param limits where those of a request are not meant
   * @returns what the work returns, once PostgreSQL has confirmed the commit
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>, limits?: TimeLimits): Promise<T> {
    const prepared = this.#prepared;
    try {
      return await this.#transaction(work, limits);
    } catch (error) {
      if (!prepared || !isPreparedStatementLost(error)) throw error;
      this.#stopPreparing();
      return await this.#transaction(work, limits);
    }
  }

  async #transaction<T>(work: (tx: Tx) => Promise<T>, limits: TimeLimits | undefined): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const client = (await runner.connect()) as PoolClient;
    const bound = limits === undefined ? undefined : this.#bounds.get(client);
    try {
      await runner.startTransaction();
      if (limits !== undefined) {
        bound?.extend(silenceOf(limits));
        await client.query(setLocalLimits(limits));
      }
      const result = await work({
        query: (statement, values) => this.#run(client, statement, values, this.#prepared),
        run: (text, values) => runOn(client, text, values),
        manager: runner.manager,
      });
      // Before it is sent: whether it was done is not known where its answer is lost.
      noteWrite();
      await runner.commitTransaction();
      return result;
    } catch (error) {
      await rollBack(runner, client, error);
      throw error;
    } finally {
      bound?.reset();
      await runner.release();
    }
  }

  /** Resolves when PostgreSQL answers. */
  async ping(): Promise<void> {
    await this.#alone((client) => client.query('SELECT 1'));
  }

  /** Ends the pool after what is under way. */
  async close(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  async #queryDirectly<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    // Of many at once the first finds out for all: each looks at how it was sent itself.
    const prepared = this.#prepared;
    try {
      return await this.#alone((client) => this.#run<Row>(client, statement, values, prepared));
    } catch (error) {
      // It was refused before it ran, so that it may be sent again.
      if (!prepared || !isPreparedStatementLost(error)) throw error;
      this.#stopPreparing();
      return await this.#alone((client) => this.#run<Row>(client, statement, values, false));
    }
  }

  // Not by the pool's own `query`, which closes the connection after any error: PostgreSQL would have a back end more
  // than the pool has connections for as long as it takes to notice.
  async #alone<T>(work: (client: PoolClient) => Promise<T>, mayStay = isAnswered): Promise<T> {
    const client = await this.#pool.connect();
    let failure: unknown;
    try {
      return await work(client);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      client.release(failure !== undefined && !mayStay(failure));
    }
  }

  async #run<Row>(
    client: PoolClient,
    statement: Statement,
    values: readonly unknown[],
    prepared: boolean,
  ): Promise<Row[]> {
    const result = await client.query<Row & QueryResultRow>({
      text: statement.text,
      values: [...values],
      ...(prepared ? { name: statement.name } : {}),
    });
    return result.rows;
  }

  async #warnOfMissingLimits(): Promise<void> {
    const { bounded, coming, statementTimeoutMs, lockTimeoutMs } = await this.timeLimits();
    if (bounded) return;
    this.#logger.warn(
      `PostgreSQL does not end what takes too long (statement_timeout is ${statementTimeoutMs} ms, lock_timeout ` +
        `${lockTimeoutMs} ms): ${coming ? LIMITS_ARE_COMING : LIMITS_ARE_MISSING}`,
    );
  }

  #stopPreparing(): void {
    if (!this.#prepared) return;
    this.#prepared = false;
    this.#logger.warn(
      'The pooler does not keep prepared statements: going on without (DATABASE_PREPARED=false)',
    );
  }
}

// Without values, so that a text of several statements stays one for the simple protocol.
function runOn(
  client: PoolClient,
  text: string,
  values: readonly unknown[] | undefined,
): Promise<{ rows: never[] }> {
  return values === undefined || values.length === 0 ? client.query(text) : client.query(text, [...values]);
}

async function rollBack(runner: QueryRunner, client: PoolClient, cause: unknown): Promise<void> {
  // Where PostgreSQL said nothing the connection still waits for its answer: a ROLLBACK would queue behind it.
  if (isDatabaseUnavailable(cause) && !isAnswered(cause)) return abandon(client);
  try {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
  } catch {
    abandon(client);
  }
}

// Ending the client makes the pool throw it away when it is released; the server rolls back by itself.
function abandon(client: PoolClient & { end?: () => Promise<void> }): void {
  client.end?.().catch(() => undefined);
}

// Longer than PostgreSQL's own limit where there is one that leaves time for it.
function silenceOf({ statementTimeoutMs }: TimeLimits): number {
  if (statementTimeoutMs === 0) return UNLIMITED_SILENCE_MS;
  return statementTimeoutMs <= REQUEST_LIMITS.statementTimeoutMs
    ? REQUEST_SILENCE_MS
    : statementTimeoutMs + SILENCE_RESERVE_MS;
}

function poolOf(dataSource: DataSource): Pool {
  const driver: object = dataSource.driver;
  if (!('master' in driver)) throw new TypeError('Countersign runs on PostgreSQL');
  return driver.master as Pool;
}
