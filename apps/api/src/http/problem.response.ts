import type { Problem } from '@countersign/core';
import type { FastifyReply } from 'fastify';

/** The body of a problem (RFC 9457), with the code and the request that it belongs to. */
export function problemBody(problem: Problem, requestId: string, publicUrl: string): Record<string, unknown> {
  return {
    type: `${publicUrl}/problems/${problem.code}`,
    title: problem.title,
    status: problem.status,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    code: problem.code,
    requestId,
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
    ...problem.members,
  };
}

/** Answers with a problem and the headers that belong to it. */
export function sendProblem(
  reply: FastifyReply,
  problem: Problem,
  requestId: string,
  publicUrl: string,
): void {
  const waits = problem.status === 429 || problem.status === 503;
  const retryAfter = problem.retryAfter ?? (waits ? 1 : undefined);
  if (retryAfter !== undefined) reply.header('Retry-After', String(retryAfter));
  if (problem.status === 401) {
    // RFC 6750 section 3: a challenge names the scheme, and the error only where a token came.
    reply.header(
      'WWW-Authenticate',
      problem.code === 'invalid_token' ? 'Bearer error="invalid_token"' : 'Bearer',
    );
  }
  reply
    .status(problem.status)
    .type('application/problem+json')
    .send(problemBody(problem, requestId, publicUrl));
}
