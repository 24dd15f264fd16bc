import { type CoreConfig, type EmbeddedPostgres, startEmbeddedPostgres } from '@countersign/core';

/** Where PostgreSQL is, and the embedded one where it is ours to stop. */
export interface OpenDatabase {
  readonly url: string;
  readonly embedded?: EmbeddedPostgres;
}

/**
 * The operator's PostgreSQL, or the embedded one, started.
 * @throws EmbeddedPostgresError
 */
export async function openDatabase({ databaseUrl, dataDir }: CoreConfig): Promise<OpenDatabase> {
  if (databaseUrl !== undefined) return { url: databaseUrl };
  const embedded = await startEmbeddedPostgres({
    dataDir,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  return { url: embedded.url, embedded };
}
