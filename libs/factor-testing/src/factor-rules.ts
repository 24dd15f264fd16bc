import type { FactorRule } from './factor-rule.js';
import { answerRules } from './rules/answer.rules.js';
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
  ...secrecyRules,
  ...recoveryRules,
  ...removalRules,
];

/** The rules that bind a provider. @param recovery whether its decorator says that it is for recovery */
export function rulesFor(recovery: boolean): FactorRule[] {
  return RULES.filter(({ binds }) => binds === 'all' || binds === (recovery ? 'recovery' : 'proper'));
}
