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
