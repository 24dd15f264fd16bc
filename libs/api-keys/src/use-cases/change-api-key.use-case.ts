import { Injectable } from '@nestjs/common';
import { Database, EventLog, type Origin } from '@countersign/core';
import type { ApiKey } from '../api-key.js';
import { type ApiKeyChanges, ApiKeyStore } from '../api-key.store.js';
import { ApiKeys } from '../api-keys.js';
import { keyEvent } from '../key-event.js';

/** Which key is to change how. UUIDs. */
export interface ChangeApiKeyInput {
  readonly applicationId: string;
  readonly id: string;
  readonly changes: ApiKeyChanges;
  readonly origin: Origin;
}

/** How a change ended. */
export type ChangeApiKeyResult =
  | { readonly outcome: 'changed'; readonly apiKey: ApiKey }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'revoked' };

/** Changes a key's name, scopes, limit or expiry. */
@Injectable()
export class ChangeApiKey {
  constructor(
    private readonly store: ApiKeyStore,
    private readonly keys: ApiKeys,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  async run({ applicationId, id, changes, origin }: ChangeApiKeyInput): Promise<ChangeApiKeyResult> {
    const result = await this.database.transaction(async (tx): Promise<ChangeApiKeyResult> => {
      const before = await this.store.lock(tx, applicationId, id);
      if (before === undefined) return { outcome: 'unknown' };
      if (before.revokedAt !== null) return { outcome: 'revoked' };
      const fields = Object.keys(changes);
      if (fields.length === 0) return { outcome: 'changed', apiKey: before };
      await this.store.change(tx, id, changes);
      await this.events.append(
        tx,
        keyEvent('api_key.updated', before, origin, {
          fields,
          ...(changes.scopes === undefined ? {} : { scopes: changes.scopes }),
        }),
      );
      return { outcome: 'changed', apiKey: { ...before, ...changes } };
    });
    this.keys.forget(id);
    return result;
  }
}
