import { factorProviderOptions } from '@countersign/factor-kit';
import type { FactorContract } from './factor-contract.js';
import type { FactorRule } from './factor-rule.js';
import { answerRules } from './rules/answer.rules.js';
import { deliveryRules } from './rules/delivery.rules.js';
import { enrolmentRules } from './rules/enrolment.rules.js';
import { failureRules } from './rules/failure.rules.js';
import { recoveryRules } from './rules/recovery.rules.js';
import { removalRules } from './rules/removal.rules.js';
import { schemaRules } from './rules/schema.rules.js';
import { secrecyRules } from './rules/secrecy.rules.js';

const RULES: readonly FactorRule[] = [
  ...schemaRules,
  ...enrolmentRules,
  ...answerRules,
  ...failureRules,
  ...deliveryRules,
  ...secrecyRules,
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
