import type { OpenAPIObject } from '@nestjs/swagger';
import type { ProblemCode } from '@countersign/core';
import { PROBLEMS } from '@countersign/core';
import { BEFORE_ENROLMENT, BEFORE_VERIFICATION, SCOPED } from './access.decorator.js';
import { problemResponse } from './problems.decorator.js';

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457, with the code and the request that it belongs to.',
  required: ['type', 'title', 'status', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri', description: 'A page that explains the code.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(PROBLEMS) },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
    attemptsLeft: { type: 'integer' },
  },
};

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** Adds to every route the problems that the floor below all routes can answer. */
export function documentProblems(document: OpenAPIObject): void {
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA },
  };
  for (const [path, item] of Object.entries(document.paths)) {
    if (!path.startsWith('/v1/')) continue;
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      const operation = item[method];
      if (operation !== undefined) addCommon(operation, method);
    }
  }
}

function addCommon(operation: Operation, method: string): void {
  for (const code of commonCodes(operation, method)) {
    const status = String(PROBLEMS[code].status);
    const present = operation.responses[status];
    if (present === undefined) {
      operation.responses[status] = withoutStatus([code]);
      continue;
    }
    const known = knownCodes(present);
    if (!known.includes(code)) operation.responses[status] = withoutStatus([...known, code]);
  }
}

function commonCodes(operation: Operation, method: string): ProblemCode[] {
  const takes = (name: string): boolean =>
    operation.security === undefined
      ? name === 'accessToken'
      : operation.security.some((requirement) => name in requirement);
  const open = operation.security?.every((requirement) => Object.keys(requirement).length === 0) === true;
  const beforeEnrolment = BEFORE_ENROLMENT in operation;
  const beforeVerification = BEFORE_VERIFICATION in operation;
  const managed = SCOPED in operation && takes('accessToken');
  const scoped = SCOPED in operation && takes('apiKey');
  Reflect.deleteProperty(operation, BEFORE_ENROLMENT);
  Reflect.deleteProperty(operation, BEFORE_VERIFICATION);
  Reflect.deleteProperty(operation, SCOPED);
  return [
    'validation_failed',
    'malformed_request',
    ...(method === 'get' ? [] : (['payload_too_large', 'unsupported_media_type'] as const)),
    ...(open ? [] : (['unauthenticated', 'invalid_token'] as const)),
    ...(takes('apiKey') ? (['invalid_api_key'] as const) : []),
    ...(scoped ? (['insufficient_scope'] as const) : []),
    ...(managed ? (['forbidden'] as const) : []),
    ...(managed && method !== 'get' ? (['step_up_required'] as const) : []),
    ...(takes('accessToken') && !beforeEnrolment ? (['enrolment_required'] as const) : []),
    ...(takes('accessToken') && !beforeVerification ? (['email_unverified'] as const) : []),
    ...(takes('apiKey') && method === 'post' ? (['conflict', 'idempotency_conflict'] as const) : []),
    'not_found',
    'rate_limited',
    'unavailable',
  ];
}

function knownCodes(response: object): ProblemCode[] {
  const content = 'content' in response ? (response.content as Record<string, { examples?: object }>) : {};
  return Object.keys(content['application/problem+json']?.examples ?? {}) as ProblemCode[];
}

function withoutStatus(codes: readonly ProblemCode[]): {
  description: string;
  content: Record<string, object>;
} {
  const [first] = codes;
  const { description, content } = problemResponse(first === undefined ? 0 : PROBLEMS[first].status, codes);
  return { description, content };
}
