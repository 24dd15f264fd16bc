import type { FastifyHelmetOptions } from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { isContractRoute, pathOf } from './path.js';

const YEAR_IN_SECONDS = 365 * 24 * 60 * 60;

const NOTHING = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"], 'base-uri': ["'none'"] };

// The browsable OpenAPI loads its own script and style, and calls this very API.
const OWN_FILES = {
  ...NOTHING,
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
};

/** The headers that every answer carries (OWASP ASVS 5.0, V3.4). */
export function helmetOptions(
  publicUrl: string,
  directives: Record<string, string[]> = NOTHING,
): FastifyHelmetOptions & { global: true } {
  return {
    global: true,
    contentSecurityPolicy: { useDefaults: false, directives },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: publicUrl.startsWith('https://')
      ? { maxAge: YEAR_IN_SECONDS, includeSubDomains: false }
      : false,
  };
}

/** Adds what differs by path: no caching under `/v1`, a policy that lets the documentation page work, the request's id. */
export function protectAnswers(instance: FastifyInstance, publicUrl: string): void {
  const documentation = helmetOptions(publicUrl, OWN_FILES);
  instance.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id);
    const path = pathOf(request.url);
    if (isContractRoute(request) || path.startsWith('/v1/')) reply.header('Cache-Control', 'no-store');
    if (path === '/docs' || path.startsWith('/docs/')) reply.helmet(documentation);
  });
}

/** The same protection for answers that are written before any route or hook, where the plugin cannot reach. */
export function plainProtection(publicUrl: string): Record<string, string> {
  return {
    'Content-Security-Policy': Object.entries(NOTHING)
      .map(([directive, sources]) => `${directive} ${sources.join(' ')}`)
      .join(';'),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...(publicUrl.startsWith('https://')
      ? { 'Strict-Transport-Security': `max-age=${YEAR_IN_SECONDS}` }
      : {}),
  };
}
