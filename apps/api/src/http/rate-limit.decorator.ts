import { SetMetadata } from '@nestjs/common';

/** The limits that a route can be under. */
export type RateLimitPolicy = 'login' | 'register' | 'default' | 'none';

/** How a route is limited. */
export interface RateLimiting {
  readonly policy: RateLimitPolicy;
  /** Whether the route is closed while the ephemeral store is away; otherwise it goes on unlimited. */
  readonly failClosed: boolean;
}

/** The metadata key that the guard reads. */
export const RATE_LIMITING = 'countersign:rate-limiting';

/** Puts a route under a limit of its own. */
export function RateLimited(policy: RateLimitPolicy): MethodDecorator {
  return SetMetadata(RATE_LIMITING, { policy, failClosed: true } satisfies RateLimiting);
}

/** Leaves a route without a limit: vendors report as fast as they deliver (api.md, "Rate limits"). */
export function Unlimited(): MethodDecorator {
  return SetMetadata(RATE_LIMITING, { policy: 'none', failClosed: false } satisfies RateLimiting);
}

/** Closes a route while the ephemeral store is away (api.md, "Rate limits"), under the default limit. */
export function FailClosed(): MethodDecorator {
  return RateLimited('default');
}
