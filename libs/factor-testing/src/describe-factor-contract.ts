import { afterAll, beforeAll, describe, it } from 'vitest';
import { FactorBench } from './bench/factor-bench.js';
import type { FactorContract } from './factor-contract.js';
import { holdTo, rulesFor } from './factor-rules.js';
import { lateness } from './rules/time.rules.js';

// A database is made and migrated, and an engine started.
const OPENING_MS = 60_000;

// Longer than the engine waits for a provider, so that the rule says what is wrong, and not vitest.
const RULE_MS = 30_000;

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

    // Not by it.each, which cuts names.
    for (const rule of rulesFor(contract)) {
      it(
        rule.name,
        async ({ skip }) => {
          if (bench === undefined) return;
          const late = lateness(bench);
          if (late !== undefined) skip(late.message);
          await holdTo(rule, bench);
        },
        RULE_MS,
      );
    }
  });
}
