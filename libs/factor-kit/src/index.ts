export { type Circumstances, type Sibling } from './circumstances.js';
export {
  AnsweredFactor,
  type Enrolment,
  type FactorShapes,
  type PublicView,
  type ShownChallenge,
} from './answered-factor.js';
export {
  type AddressRefused,
  type Channel,
  DeliveredCodeFactor,
  isAddressRefused,
  type DeliveredShapes,
  type Recipient,
  refuseAddress,
} from './delivered-code-factor.js';
export {
  CONTRACT_VERSION,
  FactorProvider,
  factorProviderOptions,
  type FactorProviderOptions,
  RESERVED_FIELDS,
} from './factor-provider.js';
export { type MailAddressOptions, type ReadMailAddress, readMailAddress } from './mail-address.js';
export { plainSpelling } from './plain-spelling.js';
export { isRefused, refuse, type Refused } from './refused.js';
export type { Parsed, Schema, SchemaIssue, SchemaResult } from './standard-schema.js';
export { type Freshness, MISMATCH, type Verdict } from './verdict.js';
