import { Module } from '@nestjs/common';
import { ApiKeyEntity } from './api-key.entity.js';
import { ApiKeyStore } from './api-key.store.js';
import { ApiKeys } from './api-keys.js';
import { IdempotentRequestEntity } from './idempotency/idempotent-request.entity.js';
import { IdempotentRequests } from './idempotency/idempotent-requests.js';
import { RestoredRequests } from './idempotency/restored-requests.js';
import { IdempotentRequestsSweeper } from './idempotency/idempotent-requests.sweeper.js';
import { KeyUses } from './key-uses.js';
import { ChangeApiKey } from './use-cases/change-api-key.use-case.js';
import { CreateApiKey } from './use-cases/create-api-key.use-case.js';
import { RevokeApiKey } from './use-cases/revoke-api-key.use-case.js';
import { RotateApiKey } from './use-cases/rotate-api-key.use-case.js';

/** The API keys' tables. */
export const apiKeysEntities = [ApiKeyEntity, IdempotentRequestEntity];

/** API keys: issue, rotate, revoke, authenticate. */
@Module({
  providers: [
    ApiKeyStore,
    KeyUses,
    ApiKeys,
    IdempotentRequests,
    IdempotentRequestsSweeper,
    RestoredRequests,
    CreateApiKey,
    ChangeApiKey,
    RotateApiKey,
    RevokeApiKey,
  ],
  exports: [ApiKeyStore, ApiKeys, IdempotentRequests, CreateApiKey, ChangeApiKey, RotateApiKey, RevokeApiKey],
})
export class ApiKeysModule {}
