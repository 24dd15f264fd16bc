import { randomBytes } from 'node:crypto';
import { Database } from '@countersign/core';
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
 * @param server a PostgreSQL where the user may create databases; `TEST_DATABASE_URL` where absent
 * @throws Error where neither is set
 */
export async function contractDatabase(
  server: string | undefined = process.env['TEST_DATABASE_URL'],
): Promise<ContractDatabase> {
  if (server === undefined) {
    throw new Error('The contract suite needs a PostgreSQL: give it databaseUrl, or set TEST_DATABASE_URL');
  }
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
