import type { OpenAPIObject } from '@nestjs/swagger';
import type { ProblemCode } from '@countersign/core';
import { PROBLEMS } from '@countersign/core';
import { BEFORE_ENROLMENT } from './access.decorator.js';
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
  const open = operation.security?.every((requirement) => Object.keys(requirement).length === 0) === true;
  const accessToken = operation.security === undefined;
  const beforeEnrolment = BEFORE_ENROLMENT in operation;
  Reflect.deleteProperty(operation, BEFORE_ENROLMENT);
  const common: ProblemCode[] = [
    'validation_failed',
    'malformed_request',
    ...(method === 'get' ? [] : (['payload_too_large', 'unsupported_media_type'] as const)),
    ...(open ? [] : (['unauthenticated', 'invalid_token'] as const)),
    ...(accessToken && !beforeEnrolment ? (['enrolment_required'] as const) : []),
    'not_found',
    'rate_limited',
    'unavailable',
  ];
  for (const code of common) {
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
