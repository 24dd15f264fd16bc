import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { PROBLEMS, type ProblemCode } from '@countersign/core';

/**
 * Documents the problems that a route answers beside those of every route (see `documentProblems`).
 * Codes of one status share a response, with an example each.
 */
export function Problems(...codes: readonly ProblemCode[]): MethodDecorator {
  return applyDecorators(
    ...[...byStatus(codes)].map(([status, ofStatus]) => ApiResponse(problemResponse(status, ofStatus))),
  );
}

/** Groups codes by their status. */
function byStatus(codes: readonly ProblemCode[]): Map<number, ProblemCode[]> {
  const groups = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    groups.set(status, [...(groups.get(status) ?? []), code]);
  }
  return groups;
}

/** The OpenAPI response of the problems of one status. */
export function problemResponse(
  status: number,
  codes: readonly ProblemCode[],
): {
  status: number;
  description: string;
  content: Record<
    string,
    { schema: { $ref: string }; examples: Record<string, { summary: string; value: object }> }
  >;
} {
  return {
    status,
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].meaning}`).join('\n\n'),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(
          codes.map((code) => [code, { summary: PROBLEMS[code].title, value: exampleOf(code) }]),
        ),
      },
    },
  };
}

function exampleOf(code: ProblemCode): object {
  const { status, title } = PROBLEMS[code];
  return {
    type: `https://auth.example.com/problems/${code}`,
    title,
    status,
    code,
    requestId: '01jdc0m6bye5ts0kc28f7q9v3m',
    ...(code === 'validation_failed'
      ? { errors: [{ path: 'email', message: 'must be an e-mail address' }] }
      : {}),
    ...(code === 'answer_rejected' ? { attemptsLeft: 4 } : {}),
  };
}
