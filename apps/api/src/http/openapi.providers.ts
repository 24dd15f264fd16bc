import type { OpenAPIObject } from '@nestjs/swagger';
import { type FactorRegistry, jsonSchemaOf, type RegisteredFactor } from '@countersign/factors';

type JsonSchema = Record<string, unknown>;

const LABEL = {
  type: 'string',
  maxLength: 100,
  nullable: true,
  description: 'How the user calls the factor.',
};

/** Puts the providers' own fields into the routes that take them: enrolment, activation, verification. */
export function documentProviders(document: OpenAPIObject, registry: FactorRegistry): void {
  const factors = registry.all();
  setBody(document, '/v1/me/factors', {
    oneOf: factors.filter(({ enabled }) => enabled).map(enrolment),
  });
  const answers = distinct(factors.map(({ provider }) => jsonSchemaOf(provider.answer, 'openapi-3.0')));
  setBody(document, '/v1/me/factors/{id}/activate', { anyOf: answers });
  setBody(document, '/v1/challenges/{id}/verify', { anyOf: answers.map(verification) });
}

function enrolment({ options, provider }: RegisteredFactor): JsonSchema {
  const input = jsonSchemaOf(provider.input, 'openapi-3.0');
  return {
    ...input,
    title: provider.title,
    required: ['type', ...required(input)],
    properties: { type: { type: 'string', enum: [options.type] }, label: LABEL, ...properties(input) },
  };
}

function verification(answer: JsonSchema): JsonSchema {
  return {
    ...answer,
    properties: {
      factorId: {
        type: 'string',
        description: 'The factor that the answer is for; the default one where absent.',
      },
      ...properties(answer),
      trustDevice: { type: 'boolean', description: 'Skip the second factor on this device from now on.' },
      deviceName: { type: 'string', maxLength: 100, nullable: true },
    },
  };
}

function setBody(document: OpenAPIObject, path: string, schema: JsonSchema): void {
  const operation = document.paths[path]?.post;
  if (operation !== undefined) {
    operation.requestBody = { required: true, content: { 'application/json': { schema } } };
  }
}

function distinct(schemas: readonly JsonSchema[]): JsonSchema[] {
  return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
}

function properties(schema: JsonSchema): JsonSchema {
  return (schema['properties'] ?? {}) as JsonSchema;
}

function required(schema: JsonSchema): string[] {
  return (schema['required'] ?? []) as string[];
}
