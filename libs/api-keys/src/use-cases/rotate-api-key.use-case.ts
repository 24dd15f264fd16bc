import { Injectable } from '@nestjs/common';
import { Clock, Database, EventLog, type Origin } from '@countersign/core';
import type { ShownApiKey } from '../api-key.js';
import { ApiKeyStore } from '../api-key.store.js';
import { ApiKeys } from '../api-keys.js';
import { keyEvent } from '../key-event.js';
import { mintKey } from '../key-text.js';

/** Which key gets a new secret, and how long the one before goes on. UUIDs. */
export interface RotateApiKeyInput {
  readonly applicationId: string;
  readonly id: string;
  readonly graceSeconds: number;
  readonly origin: Origin;
}

/** How a rotation ended. */
export type RotateApiKeyResult =
  | ({ readonly outcome: 'rotated' } & ShownApiKey)
  | { readonly outcome: 'unknown' }
  /** It is revoked or has expired: a new secret would open nothing. */
  | { readonly outcome: 'over' };

/** Gives a key a new secret, its id, name, scopes and limit staying what they are. */
@Injectable()
export class RotateApiKey {
  constructor(
    private readonly store: ApiKeyStore,
    private readonly keys: ApiKeys,
    private readonly events: EventLog,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async run({ applicationId, id, graceSeconds, origin }: RotateApiKeyInput): Promise<RotateApiKeyResult> {
    const now = this.clock.now();
    const { key, digest } = mintKey(id);
    const result = await this.database.transaction(async (tx): Promise<RotateApiKeyResult> => {
      const apiKey = await this.store.lock(tx, applicationId, id);
      if (apiKey === undefined) return { outcome: 'unknown' };
      if (apiKey.revokedAt !== null || (apiKey.expiresAt !== null && apiKey.expiresAt <= now)) {
        return { outcome: 'over' };
      }
      await this.store.rotate(tx, id, digest, new Date(now.getTime() + graceSeconds * 1_000));
      await this.events.append(tx, keyEvent('api_key.rotated', apiKey, origin, { graceSeconds }));
      return { outcome: 'rotated', apiKey, key };
    });
    this.keys.forget(id);
    return result;
  }
}
