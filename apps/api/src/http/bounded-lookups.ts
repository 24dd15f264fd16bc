import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import {
  type BoundedLookup,
  EphemeralStore,
  EphemeralStoreUnavailable,
  limitAddress,
  Problem,
} from '@countersign/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientAddress } from './address.js';
import { Deployment } from './deployment.js';
import type { HttpConfig } from './http.config.js';
import { tellRateLimit } from './rate-limit.headers.js';
import { waitForLimit } from './waiting.js';

/**
 * Bounds what strangers have PostgreSQL look up for them: what a made-up key or `X-Application` names (security.md,
 * rule 13). An address may miss as often as it may ask without a credential, in a count of its own, so that those who
 * ask without one keep no key from being found.
 */
@Injectable()
export class BoundedLookups {
  constructor(
    private readonly store: EphemeralStore,
    private readonly deployment: Deployment,
    @Inject(getConfigToken('http')) private readonly config: HttpConfig,
  ) {}

  /** @returns a lookup that throws the problem `rate_limited` where the address has missed too often */
  of(request: FastifyRequest, reply: FastifyReply): BoundedLookup {
    return async (find) => {
      const { default: limit } = this.config.limits;
      if (limit === 'off') return find();
      const address = limitAddress(clientAddress(request));
      const bucket = { key: `lookup:{${address}}:${await this.deployment.id()}`, ...limit };
      const taken = await this.store.take([bucket]).catch(orUnlimited);
      const [state] = taken?.states ?? [];
      if (taken?.taken === false && state !== undefined) {
        tellRateLimit(reply, 'default', limit, state);
        throw new Problem('rate_limited', waitForLimit('default', limit, state));
      }
      let missed = false;
      try {
        const found = await find();
        missed = found === undefined;
        return found;
      } finally {
        // What PostgreSQL did not answer is no miss: after an outage, a key works again.
        if (!missed && taken !== undefined) await this.store.giveBack([bucket]).catch(orUnlimited);
      }
    };
  }
}

// Without the ephemeral store, reads and checks of keys go on (security.md, rule 7).
function orUnlimited(error: unknown): undefined {
  if (!(error instanceof EphemeralStoreUnavailable)) throw error;
  return undefined;
}
