import { factorProviderOptions } from '@countersign/factor-kit';
import type { FactorBench } from './bench/factor-bench.js';
import type { FactorContract } from './factor-contract.js';
import type { FactorRule } from './factor-rule.js';
import { answerRules } from './rules/answer.rules.js';
import { deliveryRules } from './rules/delivery.rules.js';
import { enrolmentRules } from './rules/enrolment.rules.js';
import { failureRules } from './rules/failure.rules.js';
import { recoveryRules } from './rules/recovery.rules.js';
import { removalRules } from './rules/removal.rules.js';
import { schemaRules } from './rules/schema.rules.js';
import { resyncRules } from './rules/resync.rules.js';
import { secrecyRules } from './rules/secrecy.rules.js';
import { shownRules } from './rules/shown.rules.js';
import { lateness, timeRules } from './rules/time.rules.js';

const RULES: readonly FactorRule[] = [
  ...timeRules,
  ...schemaRules,
  ...enrolmentRules,
  ...answerRules,
  ...failureRules,
  ...deliveryRules,
  ...secrecyRules,
  ...shownRules,
  ...resyncRules,
  ...recoveryRules,
  ...removalRules,
];

/** The rules that bind a contract's provider. */
export function rulesFor(contract: FactorContract): FactorRule[] {
  const recovery = factorProviderOptions(contract.provider)?.recovery === true;
  const ownKind = contract.answer === undefined ? 'delivered' : 'answered';
  return RULES.filter(
    ({ binds, kind = ownKind }) =>
      kind === ownKind && (binds === 'all' || binds === (recovery ? 'recovery' : 'proper')),
  );
}

/**
 * Holds a provider to one rule.
 * @throws ContractBroken where it breaks it, or lets the engine wait meanwhile
 */
export async function holdTo({ check }: FactorRule, bench: FactorBench): Promise<void> {
  try {
    await check(bench);
  } catch (error) {
    throw lateness(bench) ?? error;
  }
  const late = lateness(bench);
  if (late !== undefined) throw late;
}
