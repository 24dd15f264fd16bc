export { limitAddress } from './addresses/limit-address.js';
export { Clock, SystemClock } from './clock/clock.js';
export { TestClock } from './clock/test-clock.js';
export { ConfigError, loadConfig, type LoadedConfig } from './config/load-config.js';
export { type ConfigFault, type ConfigSection, defineSection } from './config/section.js';
export { duration, flag, list, type RateLimit, rateLimit, whole } from './config/values.js';
export { type CoreConfig, coreSection } from './core.config.js';
export { coreEntities, CoreModule } from './core.module.js';
export { digestsEqual, mintToken, parseToken, tokenFrom } from './crypto/opaque-token.js';
export { Sealer } from './crypto/sealer.js';
export { Secret } from './crypto/secret-text.js';
export type { PublicJwk } from './crypto/signing-key.js';
export { Coalescer } from './database/coalescer.js';
export { Database } from './database/database.js';
export { UnusableDatabase } from './database/unusable-database.js';
export { MigrationBlocked } from './database/migrate.js';
export { MonthlyPartitions } from './database/monthly-partitions.js';
export { sweepInBatches } from './database/sweep.js';
export {
  isDatabaseUnavailable,
  isForeignKeyViolation,
  isUniqueViolation,
} from './database/database-errors.js';
export { noting, unwatched, watchWrites, type WriteWatch } from './database/write-watch.js';
export { type Statement, statement } from './database/statement.js';
export type { Tx } from './database/tx.js';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded/embedded-postgres.js';
export { startThrowawayPostgres } from './embedded/throwaway-postgres.js';
export { EmbeddedPostgresError } from './embedded/embedded-postgres.error.js';
export { EvictingRedis } from './ephemeral/open-ephemeral-store.js';
export {
  type Bucket,
  type BucketState,
  EphemeralStore,
  EphemeralStoreUnavailable,
} from './ephemeral/ephemeral-store.js';
export { AuditLog } from './events/audit-log.js';
export { Erasures } from './events/erasures.js';
export { EVENT_TYPES, type EventDraft, type EventType, type Origin, SYSTEM_ORIGIN } from './events/event.js';
export { EventRelay, type RelaySubscriber } from './events/event-relay.js';
export type { RelayedEvent } from './events/relayed-event.js';
export { EventLog } from './events/event-log.js';
export { newId } from './ids/new-id.js';
export { ID_PREFIXES, type IdPrefix, parsePublicId, publicId } from './ids/public-id.js';
export type { BoundedLookup } from './memory/bounded-lookup.js';
export { ShortMemory } from './memory/short-memory.js';
export { Rounds } from './jobs/rounds.js';
export { type JobOrder, type JobPayload, type JobQueue, Jobs } from './jobs/jobs.js';
export { MasterKeyMismatch, rewrapDataKeys } from './keys/keyring.js';
export { RotateSigningKey } from './keys/rotate-signing-key.use-case.js';
export { AfterRestore } from './restore/after-restore.use-case.js';
export { emptying, type Pending, type RestoreProgress, RestoreSteps } from './restore/restore-steps.js';
export { RestoreWatch } from './restore/restore-watch.js';
export { SigningKeys } from './keys/signing-keys.js';
export { type ProblemCode, PROBLEMS } from './problems/catalogue.js';
export { type FieldError, Problem } from './problems/problem.js';
export { escapeHtml } from './text/escape-html.js';
export { isWebOrigin, originFault } from './text/origin.js';
export { plainUrl } from './text/plain-url.js';
