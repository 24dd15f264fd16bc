import type { OpenAPIObject } from '@nestjs/swagger';
import {
  answerSchemaOf,
  type FactorRegistry,
  jsonSchemaOf,
  type RegisteredFactor,
} from '@countersign/factors';
import type { JsonSchema } from './openapi.schema.js';
import { SENT_CODE, SHOWN_ONCE } from './openapi.shown-once.js';

type Responses = Record<string, { content?: Record<string, { schema?: JsonSchema }> }>;

const LABEL = {
  type: 'string',
  maxLength: 100,
  nullable: true,
  description: 'How the user calls the factor.',
};

/**
 * Puts the providers' own fields into the routes that take and show them: enrolment, activation, verification. A
 * factor type has schemas of its own, told apart by `type`, so that generated clients know which fields belong to it.
 */
export function documentProviders(document: OpenAPIObject, registry: FactorRegistry): void {
  const factors = registry.all();
  const offered = factors.filter(({ enabled }) => enabled);
  const answers = distinct(
    factors.map(({ provider }) => inOpenApi(jsonSchemaOf(answerSchemaOf(provider), 'openapi-3.0'))),
  );
  setBody(document, '/v1/me/factors', byType(document, offered, 'Enrolment', enrolment));
  setAnswer(document, '/v1/me/factors', '201', byType(document, offered, 'Enrolled', enrolled));
  setBody(document, '/v1/me/factors/{id}/activate', { anyOf: answers });
  setBody(document, '/v1/challenges/{id}/verify', { anyOf: answers.map(verification) });
}

function byType(
  document: OpenAPIObject,
  factors: readonly RegisteredFactor[],
  suffix: string,
  schemaOf: (factor: RegisteredFactor) => JsonSchema,
): JsonSchema {
  const references = factors.map((factor) => {
    const name = `${inPascalCase(factor.options.type)}${suffix}`;
    document.components = {
      ...document.components,
      schemas: { ...document.components?.schemas, [name]: schemaOf(factor) },
    };
    return [factor.options.type, `#/components/schemas/${name}`] as const;
  });
  return {
    oneOf: references.map(([, $ref]) => ({ $ref })),
    discriminator: { propertyName: 'type', mapping: Object.fromEntries(references) },
  };
}

function enrolment({ options, provider }: RegisteredFactor): JsonSchema {
  const input = inOpenApi(jsonSchemaOf(provider.input, 'openapi-3.0'));
  return {
    ...input,
    description: `What begins the enrolment of “${provider.title}”.`,
    required: ['type', ...required(input)],
    properties: { type: onlyType(options.type), label: LABEL, ...properties(input) },
  };
}

function enrolled({ options, provider }: RegisteredFactor): JsonSchema {
  const shown = provider.kind === 'delivered' ? SENT_CODE : SHOWN_ONCE[options.type];
  return {
    description: `A new factor “${provider.title}”, with what its user must see this one time.`,
    allOf: [
      { $ref: '#/components/schemas/FactorDto' },
      {
        type: 'object',
        required: ['type', ...Object.keys(shown ?? {})],
        properties: { type: onlyType(options.type), ...shown },
        // What a provider of the operator's own shows, only it knows.
        ...(shown === undefined ? { additionalProperties: true } : {}),
      },
    ],
  };
}

function onlyType(type: string): JsonSchema {
  return { type: 'string', enum: [type] };
}

function verification(answer: JsonSchema): JsonSchema {
  return {
    ...answer,
    properties: {
      factorId: {
        type: 'string',
        description: 'The factor that the answer is for; the default one where absent.',
        example: 'fac_01jdc0m6bye5ts0kc28f7q9v3m',
      },
      ...properties(answer),
      trustDevice: { type: 'boolean', description: 'Skip the second factor on this device from now on.' },
      deviceName: { type: 'string', maxLength: 100, nullable: true, example: 'Laptop' },
    },
  };
}

function setBody(document: OpenAPIObject, path: string, schema: JsonSchema): void {
  const operation = document.paths[path]?.post;
  if (operation !== undefined) {
    operation.requestBody = { required: true, content: { 'application/json': { schema } } };
  }
}

function setAnswer(document: OpenAPIObject, path: string, status: string, schema: JsonSchema): void {
  const responses = document.paths[path]?.post?.responses as Responses | undefined;
  const response = responses?.[status];
  if (response !== undefined) response.content = { 'application/json': { schema } };
}

function distinct(schemas: readonly JsonSchema[]): JsonSchema[] {
  return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
}

// `examples` belongs to JSON Schema; OpenAPI 3.0 knows one `example`.
function inOpenApi(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const { examples, ...rest } = value as JsonSchema;
    return Array.isArray(examples) ? { ...rest, example: examples[0] as unknown } : value;
  }) as JsonSchema;
}

function inPascalCase(type: string): string {
  return type.replace(/(?:^|_)([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

function properties(schema: JsonSchema): JsonSchema {
  return (schema['properties'] ?? {}) as JsonSchema;
}

function required(schema: JsonSchema): string[] {
  return (schema['required'] ?? []) as string[];
}
