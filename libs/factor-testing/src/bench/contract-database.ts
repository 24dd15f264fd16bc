import { randomBytes } from 'node:crypto';
import {
  Database,
  type EmbeddedPostgres,
  EmbeddedPostgresError,
  startThrowawayPostgres,
} from '@countersign/core';
import { migrations } from '@countersign/migrations';
import pg from 'pg';

/** A database of a suite's own. */
export interface ContractDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/**
 * Makes a migrated, empty database.
 *
 * @param server a PostgreSQL where the user may create databases; `TEST_DATABASE_URL` where absent, and where that is
 * not set either, one of the suite's own, which goes with the database
 * @throws Error where PostgreSQL cannot be reached, or this machine cannot run one of the suite's own
 */
export async function contractDatabase(
  server: string | undefined = process.env['TEST_DATABASE_URL'],
): Promise<ContractDatabase> {
  if (server !== undefined) return databaseOn(server);
  const own = await ownPostgres();
  try {
    const database = await databaseOn(own.url);
    return { url: database.url, drop: () => own.stop() };
  } catch (error) {
    await own.stop();
    throw error;
  }
}

async function ownPostgres(): Promise<EmbeddedPostgres> {
  try {
    return await startThrowawayPostgres({ log: () => undefined });
  } catch (error) {
    if (!(error instanceof EmbeddedPostgresError)) throw error;
    // What is said of DATABASE_URL is meant for the service.
    const reason = error.message.replaceAll('DATABASE_URL', 'TEST_DATABASE_URL');
    throw new Error(`The contract suite has no PostgreSQL. ${reason}`, { cause: error });
  }
}

async function databaseOn(server: string): Promise<ContractDatabase> {
  const name = `countersign_contract_${randomBytes(6).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await administer(server, `CREATE DATABASE ${name}`);
  const drop = (): Promise<void> => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  try {
    await Database.migrate(url.href, migrations);
  } catch (error) {
    await drop();
    throw error;
  }
  return { url: url.href, drop };
}

async function administer(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
