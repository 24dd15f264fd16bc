import type { FastifyInstance } from 'fastify';
import helmet, { type HelmetOptions } from 'helmet';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isContractRoute, pathOf } from './path.js';

const YEAR_IN_SECONDS = 365 * 24 * 60 * 60;

type Directives = Record<string, string[]>;

const NOTHING: Directives = {
  'default-src': ["'none'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
};

// The browsable OpenAPI loads its own script and style, and calls this very API by the address that it says.
const ownFiles = (publicUrl: string): Directives => ({
  ...NOTHING,
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'", new URL(publicUrl).origin],
});

/**
 * Puts on every answer what protects it (OWASP ASVS 5.0, V3.4) and its request's id; what is under `/v1` is not cached,
 * and the documentation page may load its own files.
 */
export function protectAnswers(instance: FastifyInstance, publicUrl: string): void {
  const everywhere = protection(publicUrl, NOTHING);
  const documentation = protection(publicUrl, ownFiles(publicUrl));
  const uncached = { ...everywhere, 'cache-control': 'no-store' };
  instance.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    if (isContractRoute(request)) {
      reply.headers(uncached);
    } else {
      const path = pathOf(request.url);
      if (path.startsWith('/v1/')) reply.headers(uncached);
      else reply.headers(path === '/docs' || path.startsWith('/docs/') ? documentation : everywhere);
    }
    done();
  });
}

/** The same protection for answers that are written before any route or hook. */
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

// The headers that helmet would compute for each answer are the same for all.
function protection(publicUrl: string, directives: Directives): Record<string, string> {
  const options: HelmetOptions = {
    contentSecurityPolicy: { useDefaults: false, directives },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: publicUrl.startsWith('https://')
      ? { maxAge: YEAR_IN_SECONDS, includeSubDomains: false }
      : false,
  };
  const headers: Record<string, string> = {};
  const answer: Pick<ServerResponse, 'removeHeader'> & { setHeader(name: string, value: string): void } = {
    setHeader: (name, value) => {
      headers[name.toLowerCase()] = value;
    },
    removeHeader: () => undefined,
  };
  helmet(options)({} as IncomingMessage, answer as ServerResponse, (error?: unknown) => {
    if (error instanceof Error) throw error;
  });
  return headers;
}
