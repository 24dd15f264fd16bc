import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Tx } from '../database/tx.js';
import { RestoreSteps } from '../restore/restore-steps.js';

/** Drops, where that is asked for, jobs that a restored backup had still to do: they may have been done since. */
@Injectable()
export class RestoredJobs implements OnModuleInit {
  constructor(private readonly steps: RestoreSteps) {}

  onModuleInit(): void {
    this.steps.add({
      what: 'jobs that were not done are dropped',
      order: 90,
      onlyToDrop: true,
      count: (tx) => countOf(tx, `SELECT state FROM pgboss.job WHERE state < 'completed'`),
      run: async (tx) => ({
        done: await countOf(tx, `DELETE FROM pgboss.job WHERE state < 'completed' RETURNING state`),
      }),
    });
  }
}

// The engine's own table, which is there once a worker has started.
async function countOf(tx: Tx, sql: string): Promise<number> {
  const [table] = await tx.manager.query<{ there: boolean }[]>(
    `SELECT to_regclass('pgboss.job') IS NOT NULL AS there`,
  );
  if (table?.there !== true) return 0;
  const [counted] = await tx.manager.query<{ count: number }[]>(
    `WITH jobs AS (${sql}) SELECT count(*)::integer AS count FROM jobs`,
  );
  return counted?.count ?? 0;
}
