import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, RestoreSteps, Sealer, statement, type RestoreProgress, type Tx } from '@countersign/core';
import { secretPlace } from '../factor.store.js';
import { parsedSecret } from '../provider-results.js';
import { FactorRegistry } from '../registry/factor-registry.js';

interface KeptFactor {
  readonly id: string;
  readonly type: string;
  readonly secret: Buffer;
}

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
    const rows = await tx.query<KeptFactor>(NEXT, [this.#types(), after]);
    const now = this.clock.now();
    const spent: { readonly id: string; readonly step: string }[] = [];
    for (const row of rows) {
      const step = await this.#presentStep(row, now);
      if (step !== undefined) spent.push({ id: row.id, step: String(step + 1n) });
    }
    if (spent.length > 0) await tx.query(ADVANCE, [JSON.stringify(spent)]);
    return { done: spent.length, after: rows.length === BATCH ? rows.at(-1)?.id : undefined };
  }

  // A secret that cannot be read answers nothing, so that there is nothing to refuse.
  async #presentStep({ id, type, secret }: KeptFactor, now: Date): Promise<bigint | undefined> {
    const provider = this.registry.find(type)?.provider;
    if (provider?.kind !== 'answered' || provider.presentStep === undefined) return undefined;
    const parsed = await parsedSecret(provider, this.#opened(id, secret));
    return parsed && provider.presentStep(parsed.value, now);
  }

  #opened(id: string, secret: Buffer): unknown {
    try {
      return this.sealer.openJson(secret, secretPlace(id));
    } catch {
      return undefined;
    }
  }

  #types(): string[] {
    return this.registry
      .all()
      .filter(({ provider }) => provider.kind === 'answered' && provider.presentStep !== undefined)
      .map(({ options }) => options.type);
  }
}
