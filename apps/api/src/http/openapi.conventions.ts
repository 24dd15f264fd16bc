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

const USER = {
  name: 'user',
  in: 'path' as const,
  required: true,
  description: "The application's own id for the user; of a built-in account its `usr_` id.",
  schema: { type: 'string' as const, example: 'user-1234' },
};

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: false,
  description:
    'With an API key: has a request that is repeated done once, and answered alike for a day (verifications for a minute).',
  schema: { type: 'string' as const, maxLength: 255 },
};

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/**
 * Says what holds everywhere (api.md, "Conventions") and what decorators cannot say. It also puts what the compiler
 * lists in an order of its own, such as the members of a union, into one that stays.
 */
export function documentConventions(document: OpenAPIObject): void {
  for (const schema of Object.values(document.components?.schemas ?? {})) tidy(schema as JsonSchema);
  nameOperationsOnce(document);
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation === undefined) continue;
      const parameters = (operation.parameters ?? []).filter((parameter) => nameOf(parameter) !== USER.name);
      for (const parameter of parameters) makeOptional(parameter);
      if (path.startsWith('/v1/')) {
        operation.parameters = [
          ...(path.includes('{user}') ? [USER] : []),
          ...parameters,
          APPLICATION,
          ...(method === 'post' && takesKey(operation) ? [IDEMPOTENCY_KEY] : []),
        ];
      }
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

// What servers do to their users is what users do to themselves, and named after it.
function nameOperationsOnce(document: OpenAPIObject): void {
  for (const [path, item] of Object.entries(document.paths)) {
    const twin = document.paths[path.replace('/v1/users/{user}/', '/v1/me/')];
    if (!path.startsWith('/v1/users/{user}/') || twin === undefined) continue;
    for (const method of METHODS) {
      const operation = item[method];
      if (operation !== undefined && operation.operationId === twin[method]?.operationId) {
        operation.operationId = `${operation.operationId ?? ''}OfUser`;
      }
    }
  }
}

function takesKey({ security }: { security?: Record<string, unknown>[] }): boolean {
  return security?.some((requirement) => 'apiKey' in requirement) === true;
}

function nameOf(parameter: object): unknown {
  return 'name' in parameter ? parameter.name : undefined;
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
