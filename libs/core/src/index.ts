export { Clock, SystemClock } from './clock/clock.js';
export { TestClock } from './clock/test-clock.js';
export { ConfigError, knownNames, loadConfig, type LoadedConfig } from './config/load-config.js';
export {
  type ConfigFault,
  type ConfigSection,
  defineSection,
  type Environment,
  type Surroundings,
} from './config/section.js';
export { duration, flag, list, type RateLimit, rateLimit, whole } from './config/values.js';
export { type CoreConfig, coreSection, type RedisLocation } from './core.config.js';
export { coreEntities, CoreModule, type CoreModuleOptions } from './core.module.js';
export { digestsEqual, mintToken, parseToken, tokenFrom } from './crypto/opaque-token.js';
export { SealBroken, Sealer } from './crypto/sealer.js';
export { Secret } from './crypto/secret-text.js';
export type { PublicJwk } from './crypto/signing-key.js';
export { Database, type DatabaseOptions } from './database/database.js';
export { sweepInBatches } from './database/sweep.js';
export { isDatabaseUnavailable, isUniqueViolation } from './database/database-errors.js';
export { type Statement, statement } from './database/statement.js';
export type { Tx } from './database/tx.js';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded/embedded-postgres.js';
export { EmbeddedPostgresError } from './embedded/embedded-postgres.error.js';
export { EvictingRedis } from './ephemeral/open-ephemeral-store.js';
export {
  type Bucket,
  type BucketState,
  type Claim,
  EphemeralStore,
  EphemeralStoreUnavailable,
  type Taken,
} from './ephemeral/ephemeral-store.js';
export {
  type Actor,
  EVENT_TYPES,
  type EventDraft,
  type EventType,
  type Origin,
  SYSTEM_ORIGIN,
} from './events/event.js';
export { EventLog, type InTransactionSubscriber } from './events/event-log.js';
export { newId } from './ids/new-id.js';
export { type IdPrefix, parsePublicId, publicId } from './ids/public-id.js';
export { MasterKeyMismatch, SigningKeys } from './keys/keyring.js';
export { type ProblemCode, type ProblemKind, PROBLEMS } from './problems/catalogue.js';
export { type FieldError, Problem, type ProblemDetails } from './problems/problem.js';
