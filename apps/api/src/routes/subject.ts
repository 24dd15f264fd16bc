import { subjectOf as subjectOfAccount } from '@countersign/auth';
import { Problem } from '@countersign/core';
import type { Subject } from '@countersign/factors';
import type { FastifyRequest } from 'fastify';
import { applicationOf, callerOf } from '../http/request.js';

/** The caller as the engine sees them. */
export function subjectOf(request: FastifyRequest): Subject {
  return subjectOfAccount(callerOf(request).account, applicationOf(request));
}

/** The problem of a change that was overtaken by another of the same account. */
export function changedMeanwhile(): Problem {
  return new Problem('conflict', { detail: 'The account was changed meanwhile: try again.' });
}
