import type { FastifyCorsOptions } from '@fastify/cors';

const TEN_MINUTES_IN_SECONDS = 600;

/**
 * Lets the browsers of some origins call the API. Nest's own `enableCors` answers preflights before the hook that
 * protects every answer, so the plugin is registered after it instead.
 *
 * @param allowed origins, compared exactly; any other gets no CORS header at all
 */
export function corsOptions(allowed: readonly string[]): FastifyCorsOptions {
  return {
    origin: (origin, decide) => decide(null, origin !== undefined && allowed.includes(origin)),
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['X-Request-Id', 'RateLimit', 'RateLimit-Policy', 'Retry-After'],
    maxAge: TEN_MINUTES_IN_SECONDS,
    strictPreflight: false,
  };
}
