import type { OpenAPIObject } from '@nestjs/swagger';
import type { JsonSchema } from './openapi.schema.js';

const APPLICATION = {
  name: 'X-Application',
  in: 'header' as const,
  required: false,
  description:
    'Slug of the application; the default one where absent, that of the access token where one is sent.',
  schema: { type: 'string' as const },
};

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds to wait.', required: true, schema: { type: 'integer' } },
};

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/**
 * Says what holds everywhere (api.md, "Conventions") and what decorators cannot say. It also puts what the compiler
 * lists in an order of its own, such as the members of a union, into one that stays.
 */
export function documentConventions(document: OpenAPIObject): void {
  for (const schema of Object.values(document.components?.schemas ?? {})) tidy(schema as JsonSchema);
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation === undefined) continue;
      const parameters = operation.parameters ?? [];
      for (const parameter of parameters) makeOptional(parameter);
      if (path.startsWith('/v1/')) operation.parameters = [...parameters, APPLICATION];
      for (const [status, response] of Object.entries(operation.responses)) {
        const answer = response as { description?: string; headers?: object };
        if (answer.description === undefined || answer.description === '') {
          answer.description = operation.summary ?? '';
        }
        if (status === '429' || status === '503') answer.headers = { ...answer.headers, ...RETRY_AFTER };
      }
    }
  }
}

function tidy(schema: JsonSchema): void {
  if (Array.isArray(schema['enum'])) schema['enum'].sort();
  for (const [name, property] of Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>)) {
    tidy(property);
    if (name.endsWith('At') && property['type'] === 'string') property['format'] = 'date-time';
  }
}

// A value that has a default need not be sent.
function makeOptional(parameter: object): void {
  if (!('schema' in parameter && 'required' in parameter)) return;
  const { schema } = parameter;
  if (typeof schema === 'object' && schema !== null && 'default' in schema) parameter.required = false;
}
