import { afterAll, beforeAll, describe, it } from 'vitest';
import { FactorBench } from './bench/factor-bench.js';
import type { FactorContract } from './factor-contract.js';
import { rulesFor } from './factor-rules.js';

// A database is made and migrated, and an engine started.
const OPENING_MS = 60_000;

/**
 * Runs a provider inside the real engine, as a vitest suite with a test per rule of the contract: on a PostgreSQL
 * (`TEST_DATABASE_URL`, or the contract's `databaseUrl`), an in-process ephemeral store and a clock that is moved.
 *
 * @example
 * describeFactorContract('the card factor', {
 *   provider: CardFactor,
 *   answer: ({ shown, nth }) => ({ code: shown.card[nth] }),
 *   wrongAnswer: () => ({ code: 'AAAA' }),
 * });
 */
export function describeFactorContract(name: string, contract: FactorContract): void {
  describe(`${name} keeps the contract of factor providers:`, () => {
    let bench: FactorBench | undefined;
    beforeAll(async () => {
      bench = await FactorBench.open(contract);
    }, OPENING_MS);
    afterAll(async () => {
      await bench?.close();
    });

    it.each(rulesFor(contract))('$name', async ({ check }) => {
      if (bench !== undefined) await check(bench);
    });
  });
}
