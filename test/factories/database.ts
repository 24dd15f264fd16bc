import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

/** A database of a test's own: migrated, empty, and dropped with the run. */
export async function freshDatabase(): Promise<string> {
  return newDatabase(`TEMPLATE ${inject('templateDatabase')}`);
}

/** A database of a test's own without any table, dropped with the run. */
export async function emptyDatabase(): Promise<string> {
  return newDatabase('TEMPLATE template0');
}

async function newDatabase(options: string): Promise<string> {
  // By the template's name, so that the run drops it too.
  const name = `${inject('templateDatabase')}_${randomBytes(6).toString('hex')}`;
  const url = new URL(process.env['TEST_DATABASE_URL'] ?? '');
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  try {
    await admin.query(`CREATE DATABASE ${name} ${options}`);
  } finally {
    await admin.end();
  }
  url.pathname = `/${name}`;
  return url.href;
}
