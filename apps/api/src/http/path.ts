import type { FastifyRequest } from 'fastify';

/**
 * Whether a request met a route of the contract. The route's pattern decides, never the URL: one path has many
 * spellings (`/%761/…`, `http://host/v1/…`), and the router knows them all.
 */
export function isContractRoute({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url?.startsWith('/v1/') === true;
}

/** The path of a request target as the router reads it: without origin and query, decoded. */
export function pathOf(target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? '';
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
