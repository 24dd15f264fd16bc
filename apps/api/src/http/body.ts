import { Problem } from '@countersign/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseStrictJson } from './strict-json.js';
import { validationFailed } from './validation.js';

/** The longest body, in bytes (api.md, "Conventions"). */
export const MAX_BODY_BYTES = 64 * 1024;

/** The problem of a body of a type that is not read, or that says of none. */
export function unsupportedMediaType({ headers }: Pick<FastifyRequest, 'headers'>): Problem {
  const type = headers['content-type'];
  const came = type === undefined ? 'came without a Content-Type' : `came as ${printable(type)}`;
  return new Problem('unsupported_media_type', {
    detail: `Bodies are application/json in UTF-8; this one ${came}.`,
  });
}

/** The problem of a body that is too long. */
export function payloadTooLarge({ headers }: Pick<FastifyRequest, 'headers'>): Problem {
  const length = headers['content-length'];
  const has = length !== undefined && /^[0-9]{1,15}$/.test(length) ? `; this one has ${length}` : '';
  return new Problem('payload_too_large', { detail: `Bodies may have ${MAX_BODY_BYTES} bytes${has}.` });
}

function printable(type: string): string {
  return /^[\x20-\x7e]{1,100}$/.test(type) ? type : 'something else';
}

/** Makes strict JSON objects the only bodies that are read. */
export function readStrictJson(instance: FastifyInstance): void {
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(request.headers['content-type'] ?? '')?.[1];
      if (charset !== undefined && charset.toLowerCase() !== 'utf-8') throw unsupportedMediaType(request);
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
    async (request: FastifyRequest, body: string) => {
      if (request.routeOptions.url !== route) throw unsupportedMediaType(request);
      return Object.fromEntries(new URLSearchParams(body));
    },
  );
}
