import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { HashingBusy } from '@countersign/auth';
import {
  EphemeralStoreUnavailable,
  isDatabaseUnavailable,
  isForeignKeyViolation,
  Problem,
} from '@countersign/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { payloadTooLarge, unsupportedMediaType } from './body.js';
import { AnsweredBefore, repeatAnswer } from './idempotency.js';
import { pathOf } from './path.js';
import { sendProblem } from './problem.response.js';
import type { RouteTable } from './route-table.js';

/** Turns whatever ends a request into an answer of the error catalogue. Nothing else writes errors. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Problem');

  constructor(
    private readonly routes: RouteTable,
    private readonly publicUrl: string,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent) return;
    if (error instanceof AnsweredBefore) {
      repeatAnswer(error.answer, reply);
      return;
    }
    const problem = this.#problem(error, request, reply);
    if (problem !== undefined) {
      sendProblem(reply, problem, request.id, this.publicUrl);
      return;
    }
    this.#logger.error(
      `${request.id} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    reply.status(500).type('application/problem+json').send(unexpected(request.id));
  }

  #problem(error: unknown, request: FastifyRequest, reply: FastifyReply): Problem | undefined {
    if (error instanceof Problem) return error;
    if (error instanceof EphemeralStoreUnavailable || isDatabaseUnavailable(error)) {
      this.#logger.warn(`${request.id} ${error instanceof Error ? error.message : 'unavailable'}`);
      return new Problem('unavailable', { retryAfter: 2 });
    }
    if (isForeignKeyViolation(error)) {
      return new Problem('conflict', { detail: 'What this is about was removed meanwhile.' });
    }
    if (error instanceof HashingBusy) return new Problem('unavailable', { retryAfter: 1 });
    const status = statusOf(error);
    switch (status) {
      case 404:
        return this.#notFound(request, reply);
      case 413:
        return payloadTooLarge(request);
      case 415:
        return unsupportedMediaType(request);
      case 408:
      case 503:
        return new Problem('unavailable', { retryAfter: 2 });
      default:
        return status !== undefined && status >= 400 && status < 500
          ? new Problem('malformed_request')
          : undefined;
    }
  }

  #notFound(request: FastifyRequest, reply: FastifyReply): Problem {
    const allowed = this.routes.methodsOf(pathOf(request.url));
    if (allowed.length === 0) return new Problem('not_found');
    reply.header('Allow', allowed.join(', '));
    return new Problem('method_not_allowed');
  }
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (
    typeof error === 'object' &&
    error !== null &&
    'statusCode' in error &&
    typeof error.statusCode === 'number'
  ) {
    return error.statusCode;
  }
  return undefined;
}

// A bug of ours: outside the catalogue, because no caller can do anything about it.
function unexpected(requestId: string): object {
  return {
    type: 'about:blank',
    title: 'Something went wrong on our side',
    status: 500,
    code: 'internal_error',
    requestId,
  };
}
