import type { BucketState, RateLimit } from '@countersign/core';
import type { FastifyReply } from 'fastify';

/** Says what is left of a limit (IETF draft-ietf-httpapi-ratelimit-headers). */
export function tellRateLimit(reply: FastifyReply, name: string, limit: RateLimit, state: BucketState): void {
  const window = Math.ceil(limit.windowMs / 1_000);
  const reset = Math.ceil(state.resetMs / 1_000);
  reply.header('RateLimit-Policy', `"${name}";q=${limit.limit};w=${window}`);
  reply.header('RateLimit', `"${name}";r=${state.remaining};t=${reset}`);
}
