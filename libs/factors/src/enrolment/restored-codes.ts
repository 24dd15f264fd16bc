import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type RestoreProgress, RestoreSteps, statement, SYSTEM_ORIGIN, type Tx } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { FactorStore } from '../factor.store.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import { FactorRemover } from './factor-remover.js';

const BATCH = 100;
const NIL = '00000000-0000-0000-0000-000000000000';

const COUNT = statement(
  'restore-codes-count',
  `SELECT count(DISTINCT user_id)::integer AS count FROM factors WHERE type = ANY ($1::text[])`,
);

const NEXT = statement(
  'restore-codes-next',
  `SELECT DISTINCT user_id AS "userId", application_id AS "applicationId"
     FROM factors
    WHERE type = ANY ($1::text[]) AND user_id > $2
    ORDER BY user_id
    LIMIT ${BATCH}`,
);

/**
 * Voids backup codes after a restore: those that were used since the backup are good again, and nothing tells which. Their
 * owners are told as of any factor that is removed.
 */
@Injectable()
export class RestoredCodes implements OnModuleInit {
  constructor(
    private readonly steps: RestoreSteps,
    private readonly registry: FactorRegistry,
    private readonly factors: FactorStore,
    private readonly users: UserStore,
    private readonly remover: FactorRemover,
  ) {}

  onModuleInit(): void {
    this.steps.add({
      what: 'users: their backup codes are void, and they are told by mail',
      order: 70,
      count: async (tx) => (await tx.query<{ count: number }>(COUNT, [this.#types()]))[0]?.count ?? 0,
      run: (tx, after = NIL) => this.#run(tx, after),
    });
  }

  async #run(tx: Tx, after: string): Promise<RestoreProgress> {
    const rows = await tx.query<{ userId: string; applicationId: string }>(NEXT, [this.#types(), after]);
    for (const { userId, applicationId } of rows) {
      await this.users.lockAny(tx, userId);
      const codes = (await this.factors.every(tx, userId)).filter(({ type }) =>
        this.registry.isRecovery(type),
      );
      await this.remover.remove(tx, { applicationId, userId, origin: SYSTEM_ORIGIN }, codes);
    }
    return { done: rows.length, after: rows.length === BATCH ? rows.at(-1)?.userId : undefined };
  }

  #types(): string[] {
    return this.registry
      .all()
      .filter(({ options }) => options.recovery === true)
      .map(({ options }) => options.type);
  }
}
