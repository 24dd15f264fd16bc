import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, RestoreSteps, Sealer, statement, type RestoreProgress, type Tx } from '@countersign/core';
import { secretPlace } from '../factor.store.js';
import { FactorRegistry } from '../registry/factor-registry.js';

const BATCH = 500;
const NIL = '00000000-0000-0000-0000-000000000000';

const COUNT = statement(
  'restore-factors-count',
  `SELECT count(*)::integer AS count FROM factors WHERE status = 'active' AND type = ANY ($1::text[])`,
);

const NEXT = statement(
  'restore-factors-next',
  `SELECT id, type, secret FROM factors
    WHERE status = 'active' AND type = ANY ($1::text[]) AND id > $2
    ORDER BY id
    LIMIT ${BATCH}`,
);

const ADVANCE = statement(
  'restore-factors-advance',
  `UPDATE factors SET watermark = GREATEST(COALESCE(factors.watermark, spent.step), spent.step)
     FROM jsonb_to_recordset($1::jsonb) AS spent (id uuid, step bigint)
    WHERE factors.id = spent.id`,
);

/**
 * Refuses, after a restore, the codes that may have been spent since the backup: those of the present step and of the next
 * one, which is accepted a little early.
 */
@Injectable()
export class RestoredFactors implements OnModuleInit {
  constructor(
    private readonly steps: RestoreSteps,
    private readonly registry: FactorRegistry,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.steps.add({
      what: 'authenticator apps: their present code and the next one are refused',
      order: 60,
      count: async (tx) => (await tx.query<{ count: number }>(COUNT, [this.#types()]))[0]?.count ?? 0,
      run: (tx, after = NIL) => this.#run(tx, after),
    });
  }

  async #run(tx: Tx, after: string): Promise<RestoreProgress> {
    const rows = await tx.query<{ id: string; type: string; secret: Buffer }>(NEXT, [this.#types(), after]);
    const now = this.clock.now();
    const spent = rows.flatMap(({ id, type, secret }) => {
      const provider = this.registry.find(type)?.provider;
      if (provider?.kind !== 'answered' || provider.presentStep === undefined) return [];
      const step = provider.presentStep(this.sealer.openJson(secret, secretPlace(id)), now) + 1n;
      return [{ id, step: String(step) }];
    });
    if (spent.length > 0) await tx.query(ADVANCE, [JSON.stringify(spent)]);
    return { done: spent.length, after: rows.length === BATCH ? rows.at(-1)?.id : undefined };
  }

  #types(): string[] {
    return this.registry
      .all()
      .filter(({ provider }) => provider.kind === 'answered' && provider.presentStep !== undefined)
      .map(({ options }) => options.type);
  }
}
