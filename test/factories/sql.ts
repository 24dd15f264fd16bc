import pg from 'pg';
import { parsePublicId } from '@countersign/core';

/** Runs one statement on a test's database, past the service. */
export async function sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(
  databaseUrl: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** The UUID of a public id. */
export function uuidOf(publicId: string): string {
  const [prefix = ''] = publicId.split('_');
  const uuid = parsePublicId(prefix as Parameters<typeof parsePublicId>[0], publicId);
  if (uuid === undefined) throw new Error(`${publicId} is no id`);
  return uuid;
}

/** An event as the log keeps it. */
export interface StoredEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A user's events, oldest first; of one type where it is named. */
export async function eventsOf(databaseUrl: string, userId: string, type?: string): Promise<StoredEvent[]> {
  return sql<{ type: string; data: Readonly<Record<string, unknown>> }>(
    databaseUrl,
    `SELECT type, data FROM events
      WHERE user_id = $1 AND ($2::text IS NULL OR type = $2)
      ORDER BY id`,
    [uuidOf(userId), type ?? null],
  );
}
