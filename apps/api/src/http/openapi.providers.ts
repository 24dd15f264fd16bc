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

const TWO_CODES: JsonSchema = {
  type: 'object',
  required: ['codes'],
  additionalProperties: false,
  properties: {
    codes: {
      type: 'array',
      minItems: 2,
      maxItems: 2,
      items: { type: 'string', maxLength: 64 },
      description: 'Two codes in a row, of an authenticator app whose clock is off.',
      example: ['123456', '654321'],
    },
  },
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
  setBody(document, '/v1/me/factors/{id}/activate', { anyOf: [...answers, TWO_CODES] });
  setBody(document, '/v1/challenges/{id}/verify', { anyOf: answers.map(verification) });
  documentServers(document, offered, answers);
}

function documentServers(
  document: OpenAPIObject,
  offered: readonly RegisteredFactor[],
  answers: readonly JsonSchema[],
): void {
  const factors = '/v1/users/{user}/factors';
  setBody(document, factors, byType(document, offered, 'ServerEnrolment', serverEnrolment));
  setAnswer(document, factors, '201', byType(document, offered, 'Enrolled', enrolled));
  setBody(document, `${factors}/{id}/activate`, { anyOf: [...answers, TWO_CODES] });
  setBody(document, '/v1/users/{user}/verify', { anyOf: answers.map(directVerification) });
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

function enrolment(factor: RegisteredFactor): JsonSchema {
  return enrolmentBy(factor, factor.provider.input);
}

// A server may say more than a user, such as a secret that the user has already.
function serverEnrolment(factor: RegisteredFactor): JsonSchema {
  const { provider } = factor;
  const ofServers = provider.kind === 'answered' ? provider.serverInput : undefined;
  return enrolmentBy(factor, ofServers ?? provider.input);
}

function enrolmentBy(
  { options, provider }: RegisteredFactor,
  schema: RegisteredFactor['provider']['input'],
): JsonSchema {
  const input = inOpenApi(jsonSchemaOf(schema, 'openapi-3.0'));
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

const EXPECTED: JsonSchema = {
  action: {
    type: 'string',
    maxLength: 100,
    description: 'What the server expects to be approved, if anything.',
    example: 'transfer',
  },
  details: {
    type: 'object',
    additionalProperties: true,
    description: 'The particulars of the action, as the server expects them.',
  },
};

function directVerification(answer: JsonSchema): JsonSchema {
  return {
    ...answer,
    properties: {
      ...properties(answer),
      factorId: {
        type: 'string',
        description: 'The factor that the answer is for; the default one where absent.',
        example: 'fac_01jdc0m6bye5ts0kc28f7q9v3m',
      },
      type: {
        type: 'string',
        description: 'The type of the factor that the answer is for.',
        example: 'totp',
      },
      ...EXPECTED,
    },
  };
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
      user: {
        type: 'string',
        description: 'Servers: the user that is expected, by the application’s own id.',
        example: 'user-1234',
      },
      ...EXPECTED,
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
