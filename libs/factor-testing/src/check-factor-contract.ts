import { FactorBench } from './bench/factor-bench.js';
import { ContractBroken } from './contract-broken.js';
import type { FactorContract } from './factor-contract.js';
import { holdTo, rulesFor } from './factor-rules.js';
import { lateness } from './rules/time.rules.js';

/** A rule that a provider breaks, and how. */
export interface BrokenRule {
  readonly rule: string;
  readonly how: string;
}

/** What `checkFactorContract` calls the rule that the engine itself holds at its start. */
export const REGISTRATION = 'the engine takes it at its start';

/**
 * Runs a provider inside the real engine and tells which rules of the contract it breaks: `describeFactorContract`
 * for those who do not use vitest.
 *
 * @param only a part of the names of the rules that are tried; all where it is absent
 * @returns one entry per broken rule; none where the provider keeps the contract. A provider that lets the engine wait is
 *   asked nothing more
 * @throws Error where PostgreSQL cannot be reached
 */
export async function checkFactorContract(contract: FactorContract, only = ''): Promise<BrokenRule[]> {
  const opened = await FactorBench.open(contract).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'FactorRegistryError') return error;
    throw error;
  });
  if (opened instanceof Error) return [{ rule: REGISTRATION, how: opened.message }];
  const broken: BrokenRule[] = [];
  try {
    for (const rule of rulesFor(contract).filter(({ name }) => name.includes(only))) {
      try {
        await holdTo(rule, opened);
      } catch (error) {
        broken.push({ rule: rule.name, how: explained(error) });
      }
      if (lateness(opened) !== undefined) break;
    }
  } finally {
    await opened.close();
  }
  return broken;
}

function explained(error: unknown): string {
  if (error instanceof ContractBroken) return error.message;
  return error instanceof Error ? `it threw: ${error.stack ?? error.message}` : `it threw: ${String(error)}`;
}
