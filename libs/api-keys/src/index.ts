export type { ApiKey } from './api-key.js';
export { ApiKeyStore, type LiveApiKey } from './api-key.store.js';
export { ApiKeys } from './api-keys.js';
export { apiKeysSection } from './api-keys.config.js';
export { apiKeysEntities, ApiKeysModule } from './api-keys.module.js';
export {
  type HeldClaim,
  IdempotentRequests,
  type KeptAnswer,
  type RepeatableRequest,
} from './idempotency/idempotent-requests.js';
export { keyPrefix } from './key-text.js';
export { type Scope, SCOPES } from './scopes.js';
export { ChangeApiKey } from './use-cases/change-api-key.use-case.js';
export { CreateApiKey } from './use-cases/create-api-key.use-case.js';
export { RevokeApiKey } from './use-cases/revoke-api-key.use-case.js';
export { RotateApiKey } from './use-cases/rotate-api-key.use-case.js';
