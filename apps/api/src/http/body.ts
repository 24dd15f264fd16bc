import { Problem } from '@countersign/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseStrictJson } from './strict-json.js';
import { validationFailed } from './validation.js';

/** Makes strict JSON objects the only bodies that are read. */
export function readStrictJson(instance: FastifyInstance): void {
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(request.headers['content-type'] ?? '')?.[1];
      if (charset !== undefined && charset.toLowerCase() !== 'utf-8')
        throw new Problem('unsupported_media_type');
      if (body.length === 0) return undefined;
      const value = parseStrictJson(body);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw validationFailed([{ path: '', message: 'must be a JSON object' }]);
      }
      return value;
    },
  );
}

/**
 * Reads HTML forms on one route, which a vendor posts them to. Everywhere else they stay unsupported.
 *
 * @param route the route's pattern
 */
export function readForms(instance: FastifyInstance, route: string): void {
  instance.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async ({ routeOptions }: FastifyRequest, body: string) => {
      if (routeOptions.url !== route) throw new Problem('unsupported_media_type');
      return Object.fromEntries(new URLSearchParams(body));
    },
  );
}
