import { Injectable } from '@nestjs/common';
import { Clock, Database, EventLog, newId, type Origin } from '@countersign/core';
import type { ApiKey, ShownApiKey } from '../api-key.js';
import { ApiKeyStore } from '../api-key.store.js';
import { keyEvent } from '../key-event.js';
import { mintKey } from '../key-text.js';

/** What the new key may do, and who makes it. */
export interface CreateApiKeyInput extends Pick<
  ApiKey,
  'applicationId' | 'name' | 'scopes' | 'rateLimit' | 'expiresAt'
> {
  readonly origin: Origin;
}

/** Makes an API key. */
@Injectable()
export class CreateApiKey {
  constructor(
    private readonly store: ApiKeyStore,
    private readonly events: EventLog,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async run({ origin, ...asked }: CreateApiKeyInput): Promise<ShownApiKey> {
    const createdAt = this.clock.now();
    const id = newId(createdAt);
    const { key, digest } = mintKey(id);
    const apiKey = { ...asked, id, createdAt, lastUsedAt: null, revokedAt: null };
    await this.database.transaction(async (tx) => {
      await this.store.insert(tx, { ...asked, id, digest });
      await this.events.append(tx, keyEvent('api_key.created', apiKey, origin, { scopes: asked.scopes }));
    });
    return { apiKey, key };
  }
}
