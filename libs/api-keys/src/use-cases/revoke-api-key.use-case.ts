import { Injectable } from '@nestjs/common';
import { Database, EventLog, type Origin } from '@countersign/core';
import { ApiKeyStore } from '../api-key.store.js';
import { ApiKeys } from '../api-keys.js';
import { keyEvent } from '../key-event.js';

/** Which key ends, and who ended it. UUIDs. */
export interface RevokeApiKeyInput {
  readonly applicationId: string;
  readonly id: string;
  readonly origin: Origin;
}

/** Ends a key for good: in this process at once, in every other within five seconds. */
@Injectable()
export class RevokeApiKey {
  constructor(
    private readonly store: ApiKeyStore,
    private readonly keys: ApiKeys,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /** @returns whether there is such a key; one that was revoked before stays as it is */
  async run({ applicationId, id, origin }: RevokeApiKeyInput): Promise<boolean> {
    const found = await this.database.transaction(async (tx) => {
      const key = await this.store.lock(tx, applicationId, id);
      if (key?.revokedAt !== null) return key !== undefined;
      await this.store.revoke(tx, id);
      await this.events.append(tx, keyEvent('api_key.revoked', key, origin));
      return true;
    });
    this.keys.forget(id);
    return found;
  }
}
