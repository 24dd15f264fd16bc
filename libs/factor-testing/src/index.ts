export { type BrokenRule, checkFactorContract, REGISTRATION } from './check-factor-contract.js';
export { circumstances } from './circumstances.js';
export { describeFactorContract } from './describe-factor-contract.js';
export type {
  AnswerBody,
  AnsweredContract,
  Asked,
  DeliveredContract,
  FactorContract,
} from './factor-contract.js';
