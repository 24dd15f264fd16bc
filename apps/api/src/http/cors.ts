import type { FastifyCorsOptions } from '@fastify/cors';
import type { Applications } from '@countersign/directory';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from './path.js';

const TEN_MINUTES_IN_SECONDS = 600;
const EXPOSED = ['X-Request-Id', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'Second-Factor-Removed'];
/** What anybody verifies and generates by, wherever their page comes from. */
const PUBLIC_DOCUMENTS: readonly string[] = ['/.well-known/jwks.json', '/openapi.json', '/openapi.yaml'];

/** Who lets the browsers of which origins in. */
export interface KnownOrigins {
  /** Origins that every application lets in, compared exactly; any other gets no CORS header at all. */
  readonly deployment: readonly string[];
  /** Applications with origins of their own. */
  readonly applications: Pick<Applications, 'anyAllows'>;
}

/**
 * Lets the browsers of some origins call the API. Nest's own `enableCors` answers preflights before the hook that
 * protects every answer, so the plugin is registered after it instead.
 *
 * A preflight does not say which application it is about, so that it passes where any of them knows the origin; the
 * request that follows is held to its own (`allowOwnOrigin`).
 */
export function corsOptions({ deployment, applications }: KnownOrigins): FastifyCorsOptions {
  const common: FastifyCorsOptions = {
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: EXPOSED,
    // Sessions may travel in cookies; the origin is always named, never a wildcard.
    credentials: true,
    maxAge: TEN_MINUTES_IN_SECONDS,
    strictPreflight: false,
  };
  const refused: FastifyCorsOptions = { ...common, origin: false };
  const readByAnybody: FastifyCorsOptions = { ...common, origin: '*', credentials: false };
  // The array form names the origin and never a wildcard.
  return {
    delegator: ({ method, url, headers: { origin } }: FastifyRequest, callback) => {
      if (origin === undefined) {
        callback(null, refused);
        return;
      }
      if (PUBLIC_DOCUMENTS.includes(pathOf(url))) {
        callback(null, readByAnybody);
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

/**
 * Lets pages read an error that came before its application was known: a token that has expired, a body that cannot be
 * parsed, a path that does not exist. It says nothing that a page of any application may not know, and carries no
 * `Allow-Credentials`.
 */
export function allowErrorsToBeRead(instance: FastifyInstance, origins: KnownOrigins): void {
  instance.addHook('onSend', (request, reply, payload: unknown, done) => {
    if (reply.statusCode < 400 || request.headers.origin === undefined) {
      done(null, payload);
      return;
    }
    void allowErrorToBeRead(request, reply, origins).finally(() => done(null, payload));
  });
}

/** The same for an error that passes no hook. Never rejects. */
export async function allowErrorToBeRead(
  { headers: { origin }, application, namesApplication }: FastifyRequest,
  reply: FastifyReply,
  { deployment, applications }: KnownOrigins,
): Promise<void> {
  if (origin === undefined || (application !== undefined && namesApplication === true)) return;
  if (reply.hasHeader('Access-Control-Allow-Origin')) return;
  const allowed = deployment.includes(origin) || (await applications.anyAllows(origin).catch(() => false));
  if (!allowed) return;
  reply.header('Access-Control-Allow-Origin', origin);
  reply.header('Access-Control-Expose-Headers', EXPOSED.join(', '));
  reply.header('Vary', 'Origin');
}
