import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Reflector } from '@nestjs/core';
import { type ApiKey, ApiKeys } from '@countersign/api-keys';
import {
  type Bucket,
  EphemeralStore,
  EphemeralStoreUnavailable,
  limitAddress,
  Problem,
  type RateLimit,
} from '@countersign/core';
import { canonicalEmail } from '@countersign/directory';
import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientAddress } from './address.js';
import { Deployment } from './deployment.js';
import type { HttpConfig } from './http.config.js';
import { isContractRoute } from './path.js';
import { RATE_LIMITING, type RateLimiting } from './rate-limit.decorator.js';
import { RouteMemory } from './route-memory.js';
import { tellRateLimit } from './rate-limit.headers.js';
import { type LimitName, waitForLimit } from './waiting.js';

interface NamedBucket extends Bucket {
  /** The policy's name in the `RateLimit` headers. */
  readonly name: LimitName;
}

const DEFAULT: RateLimiting = { policy: 'default', failClosed: false };

/** Counts requests across instances: all limits of a route in one round trip, all of them or none. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  readonly #limiting = new RouteMemory(
    (...on) => this.reflector.getAllAndOverride<RateLimiting | undefined>(RATE_LIMITING, on) ?? DEFAULT,
  );

  constructor(
    private readonly reflector: Reflector,
    private readonly store: EphemeralStore,
    private readonly deployment: Deployment,
    private readonly apiKeys: ApiKeys,
    @Inject(getConfigToken('http')) private readonly config: HttpConfig,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    if (!isContractRoute(request)) return true;
    const limiting = this.#limiting.of(context);
    const buckets = this.#buckets(limiting, request, this.deployment.knownId ?? (await this.deployment.id()));
    if (buckets.length === 0) {
      if (limiting.failClosed) await this.store.ping();
      return true;
    }
    try {
      await this.#take(buckets, reply);
    } catch (error) {
      if (!(error instanceof EphemeralStoreUnavailable) || limiting.failClosed) throw error;
    }
    return true;
  }

  async #take(buckets: NamedBucket[], reply: FastifyReply): Promise<void> {
    const outcome = await this.store.take(buckets);
    const told = outcome.taken ? 0 : outcome.exhausted;
    const bucket = buckets[told];
    const state = outcome.states[told];
    if (bucket === undefined || state === undefined) return;
    tellRateLimit(reply, bucket.name, bucket, state);
    if (!outcome.taken) {
      throw new Problem('rate_limited', waitForLimit(bucket.name, bucket, state));
    }
  }

  // Within a deployment, an address is counted once for all applications.
  #buckets({ policy }: RateLimiting, request: FastifyRequest, deployment: string): NamedBucket[] {
    const address = limitAddress(clientAddress(request));
    const application = request.application?.id ?? '-';
    const { limits } = this.config;
    const byAddress = (name: LimitName, limit: RateLimit | 'off', more = ''): NamedBucket[] =>
      limit === 'off' ? [] : [{ name, key: `${name}:{${address}}:${deployment}${more}`, ...limit }];
    switch (policy) {
      case 'login':
        return [
          ...byAddress('login', limits.login, `:${application}:${accountNamed(request.body)}`),
          ...byAddress('login_address', limits.loginAddress),
        ];
      case 'none':
        return [];
      case 'register':
        return byAddress('register', limits.register);
      case 'default': {
        const { credential } = request;
        if (credential?.kind === 'key') return this.#byKey(credential.key);
        if (credential?.kind !== 'access') return byAddress('default', limits.default);
        const { sessionId } = credential.claims;
        return limits.default === 'off'
          ? []
          : [{ name: 'default', key: `default:{${sessionId}}`, ...limits.default }];
      }
    }
  }

  #byKey(key: ApiKey): NamedBucket[] {
    const limit = this.apiKeys.limitOf(key);
    return limit === 'off' ? [] : [{ name: 'api_key', key: `api_key:{${key.id}}`, ...limit }];
  }
}

// Hashed, because a name may be of any length and Redis need not know it.
function accountNamed(body: unknown): string {
  const email = typeof body === 'object' && body !== null && 'email' in body ? body.email : undefined;
  const name = typeof email === 'string' ? canonicalEmail(email) : '';
  return hash('sha256', name, 'base64url');
}
