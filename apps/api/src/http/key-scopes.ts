import { Injectable } from '@nestjs/common';
import { ApiKeys, type Scope } from '@countersign/api-keys';
import { Problem } from '@countersign/core';
import type { FastifyRequest } from 'fastify';

/** Holds API keys to their scopes. */
@Injectable()
export class KeyScopes {
  constructor(private readonly apiKeys: ApiKeys) {}

  /**
   * Asks for a scope where the request came with a key. One that lacks it is looked up again, because it may have been
   * widened a moment ago.
   * @throws Problem `insufficient_scope`, naming it
   */
  async require(request: FastifyRequest, scope: Scope): Promise<void> {
    const { credential } = request;
    if (credential?.kind !== 'key' || credential.key.scopes.includes(scope)) return;
    const key = await this.apiKeys.lookAgain(credential.key.id);
    if (key?.scopes.includes(scope) !== true) {
      throw new Problem('insufficient_scope', {
        detail: `The API key needs the scope ${scope}.`,
        members: { scope },
      });
    }
    request.credential = { kind: 'key', key };
  }
}
