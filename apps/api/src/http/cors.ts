import type { FastifyCorsOptions } from '@fastify/cors';
import type { Applications } from '@countersign/directory';
import type { FastifyReply, FastifyRequest } from 'fastify';

const TEN_MINUTES_IN_SECONDS = 600;
const EXPOSED = ['X-Request-Id', 'RateLimit', 'RateLimit-Policy', 'Retry-After'];

/**
 * Lets the browsers of some origins call the API. Nest's own `enableCors` answers preflights before the hook that
 * protects every answer, so the plugin is registered after it instead.
 *
 * @param deployment origins that every application lets in, compared exactly; any other gets no CORS header at all
 * @param applications those with origins of their own. A preflight does not say which application it is about, so that
 * it passes where any of them knows the origin; the request that follows is held to its own (`allowOwnOrigin`).
 */
export function corsOptions(
  deployment: readonly string[],
  applications: Pick<Applications, 'anyAllows'>,
): FastifyCorsOptions {
  const common: FastifyCorsOptions = {
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: EXPOSED,
    // Sessions may travel in cookies; the origin is always named, never a wildcard.
    credentials: true,
    maxAge: TEN_MINUTES_IN_SECONDS,
    strictPreflight: false,
  };
  const refused: FastifyCorsOptions = { ...common, origin: false };
  // The array form names the origin and never a wildcard.
  return {
    delegator: ({ method, headers: { origin } }: FastifyRequest, callback) => {
      if (origin === undefined) {
        callback(null, refused);
        return;
      }
      const answer = (allowed: boolean): void =>
        callback(null, allowed ? { ...common, origin: [origin] } : refused);
      if (deployment.includes(origin) || method !== 'OPTIONS') answer(deployment.includes(origin));
      else applications.anyAllows(origin).then(answer, (error: Error) => callback(error));
    },
  };
}

/** Lets the browsers of the application's own origins read the answer, once it is known whose request it is. */
export function allowOwnOrigin(
  { headers: { origin }, application }: FastifyRequest,
  reply: FastifyReply,
): void {
  if (origin === undefined || application?.allowedOrigins.includes(origin) !== true) return;
  reply.header('Access-Control-Allow-Origin', origin);
  reply.header('Access-Control-Allow-Credentials', 'true');
  reply.header('Access-Control-Expose-Headers', EXPOSED.join(', '));
  reply.header('Vary', 'Origin');
}
