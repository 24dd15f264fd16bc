export {
  AnsweredFactor,
  type Circumstances,
  type Enrolment,
  type FactorShapes,
  type PublicView,
  type ShownChallenge,
} from './answered-factor.js';
export {
  CONTRACT_VERSION,
  FactorProvider,
  factorProviderOptions,
  type FactorProviderOptions,
  RESERVED_FIELDS,
} from './factor-provider.js';
export type { Parsed, Schema, SchemaIssue, SchemaResult } from './standard-schema.js';
export { type Freshness, MISMATCH, type Verdict } from './verdict.js';
