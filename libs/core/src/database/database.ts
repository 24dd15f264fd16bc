import { Logger } from '@nestjs/common';
import type { Client, Pool, PoolClient, QueryResultRow } from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import { boundSilence } from './bounded-silence.js';
import { isDatabaseUnavailable, isPreparedStatementLost } from './database-errors.js';
import type { Statement } from './statement.js';
import type { Tx } from './tx.js';

/** What a database is opened with. */
export interface DatabaseOptions {
  readonly url: string;
  readonly poolMax: number;
  /** Whether the server, or the pooler before it, keeps named statements. */
  readonly prepared: boolean;
  readonly entities: readonly (new () => object)[];
}

// A hung PostgreSQL costs a request at most five seconds: two to get a connection, three for an answer.
const CONNECT_TIMEOUT_MS = 2_000;
const SILENCE_MS = 3_000;
// Any 64-bit number of our own; instances that start together take turns behind it.
const MIGRATION_LOCK = '7308324476502171507';

/**
 * The one connection pool, and the unit of work over it.
 *
 * Named statements go to `pg` directly, which costs half of what TypeORM's repositories do; TypeORM's manager works
 * on the same connection and in the same transaction.
 */
export class Database {
  /** The pool as a `Tx`: every statement is a transaction of its own. */
  readonly direct: Tx;
  readonly #logger = new Logger('Database');
  readonly #pool: Pool;
  #prepared: boolean;

  private constructor(
    readonly dataSource: DataSource,
    prepared: boolean,
  ) {
    this.#pool = poolOf(dataSource);
    this.#prepared = prepared;
    this.direct = {
      query: (statement, values) => this.#queryDirectly(statement, values),
      run: (text, values) => runOn(this.#pool, text, values),
      manager: dataSource.manager,
    };
  }

  /** Connects. Rejects with the driver's error where PostgreSQL cannot be reached. */
  static async open(options: DatabaseOptions): Promise<Database> {
    const dataSource = new DataSource({
      type: 'postgres',
      url: options.url,
      entities: [...options.entities],
      synchronize: false,
      installExtensions: false,
      applicationName: 'countersign',
      poolSize: options.poolMax,
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
      extra: {
        onConnect: (client: Client) => boundSilence(client, SILENCE_MS),
        idleTimeoutMillis: 60_000,
        keepAlive: true,
      },
      // The pool replaces broken connections by itself; an idle one that breaks is no news.
      poolErrorHandler: () => undefined,
    });
    await dataSource.initialize();
    return new Database(dataSource, options.prepared);
  }

  /**
   * Applies pending migrations. Instances that start together take turns; all but the first find nothing to do.
   *
   * @returns the names of the migrations applied
   */
  static async migrate(
    url: string,
    migrations: readonly (new () => MigrationInterface)[],
  ): Promise<string[]> {
    const dataSource = new DataSource({
      type: 'postgres',
      url,
      migrations: [...migrations],
      migrationsTableName: 'migrations',
      migrationsTransactionMode: 'each',
      installExtensions: false,
      applicationName: 'countersign migrations',
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
      poolSize: 2,
      poolErrorHandler: () => undefined,
    });
    await dataSource.initialize();
    try {
      return await dataSource.transaction(async (manager) => {
        // Bound to the transaction, because a session's lock does not survive PgBouncer's transaction mode.
        await manager.query(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
        const applied = await dataSource.runMigrations();
        return applied.map((migration) => migration.name);
      });
    } finally {
      await dataSource.destroy();
    }
  }

  /**
   * Runs work in one transaction: committed when it resolves, rolled back when it rejects. Where that is how it comes out
   * that the pooler keeps no prepared statements, the work is rolled back and done once more without them.
   *
   * @returns what the work returns, once PostgreSQL has confirmed the commit
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const prepared = this.#prepared;
    try {
      return await this.#transaction(work);
    } catch (error) {
      if (!prepared || !isPreparedStatementLost(error)) throw error;
      this.#stopPreparing();
      return await this.#transaction(work);
    }
  }

  async #transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const client = (await runner.connect()) as PoolClient;
    try {
      await runner.startTransaction();
      const result = await work({
        query: (statement, values) => this.#run(client, statement, values),
        run: (text, values) => runOn(client, text, values),
        manager: runner.manager,
      });
      await runner.commitTransaction();
      return result;
    } catch (error) {
      if (isDatabaseUnavailable(error)) abandon(client);
      else if (runner.isTransactionActive) await runner.rollbackTransaction();
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** Resolves when PostgreSQL answers. */
  async ping(): Promise<void> {
    await this.#pool.query('SELECT 1');
  }

  /** Ends the pool after what is under way. */
  async close(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  async #queryDirectly<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    try {
      return await this.#run<Row>(this.#pool, statement, values);
    } catch (error) {
      if (!this.#prepared || !isPreparedStatementLost(error)) throw error;
      this.#stopPreparing();
      return await this.#run<Row>(this.#pool, statement, values);
    }
  }

  async #run<Row>(on: Pool | PoolClient, statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    const result = await on.query<Row & QueryResultRow>({
      text: statement.text,
      values: [...values],
      ...(this.#prepared ? { name: statement.name } : {}),
    });
    return result.rows;
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
  on: Pool | PoolClient,
  text: string,
  values: readonly unknown[] | undefined,
): Promise<{ rows: never[] }> {
  return values === undefined || values.length === 0 ? on.query(text) : on.query(text, [...values]);
}

// A connection that timed out still waits for its answer: a ROLLBACK would queue behind it. Ending the client
// makes the pool throw it away when it is released; the server rolls back by itself.
function abandon(client: PoolClient & { end?: () => Promise<void> }): void {
  client.end?.().catch(() => undefined);
}

function poolOf(dataSource: DataSource): Pool {
  const driver: object = dataSource.driver;
  if (!('master' in driver)) throw new TypeError('Countersign runs on PostgreSQL');
  return driver.master as Pool;
}
