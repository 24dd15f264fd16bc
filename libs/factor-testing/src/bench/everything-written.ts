import { Database, statement } from '@countersign/core';
import type { FactorBench } from './factor-bench.js';

/** One row of one table, as PostgreSQL writes it as text; bytes are in hexadecimal. */
export interface WrittenRow {
  readonly table: string;
  readonly text: string;
}

const TABLES = statement(
  'contract-tables',
  `SELECT format('%I', tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`,
);

/** Every row of every table of the bench's database. */
export async function everythingWritten({ engine }: FactorBench): Promise<WrittenRow[]> {
  const { direct } = engine.container.get(Database);
  const tables = await direct.query<{ name: string }>(TABLES, []);
  const rows = await Promise.all(
    tables.map(async ({ name }) => {
      const all = statement(`contract-${name}`, `SELECT row::text AS text FROM ${name} AS row`);
      return (await direct.query<{ text: string }>(all, [])).map(({ text }) => ({ table: name, text }));
    }),
  );
  return rows.flat();
}

const FAILURES = statement(
  'contract-failures',
  `SELECT count(*)::integer AS count FROM events WHERE user_id = $1 AND type = 'challenge.failed'`,
);

/** How many wrong answers of a user the engine has looked at. */
export async function wrongAnswersLookedAt({ engine }: FactorBench, userId: string): Promise<number> {
  const [row] = await engine.container.get(Database).direct.query<{ count: number }>(FAILURES, [userId]);
  return row?.count ?? 0;
}
