import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect } from 'vitest';

/** A transaction of the test's own, which makes the service's wait. */
export async function holdBack(databaseUrl: string, ...statements: readonly string[]): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('BEGIN');
  for (const statement of statements) await client.query(statement);
  return client;
}

/** Resolves once so many of the service's statements wait for a lock. */
export async function untilWaiting(databaseUrl: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: `watch-${randomUUID()}` });
  await client.connect();
  try {
    await expect
      .poll(
        async () => {
          const { rows } = await client.query<{ count: number }>(
            `SELECT count(*)::integer AS count FROM pg_stat_activity
              WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          );
          return rows[0]?.count;
        },
        { interval: 10, timeout: 2_000 },
      )
      .toBe(count);
  } finally {
    await client.end();
  }
}
