import { subjectOf as subjectOfAccount } from '@countersign/auth';
import { Problem } from '@countersign/core';
import { type NewUser, type Subject, subjectOfUser } from '@countersign/factors';
import type { FastifyRequest } from 'fastify';
import { applicationOf, callerOf } from '../http/request.js';

/** Whom a request is about, as the engine sees them: the user that its path names, else the caller. */
export function subjectOf(request: FastifyRequest): Subject {
  const application = applicationOf(request);
  return request.user === undefined
    ? subjectOfAccount(callerOf(request).account, application)
    : subjectOfUser(request.user, application);
}

/** The same where the path may name a user that does not exist yet. */
export function subjectOrNewUserOf(request: FastifyRequest): Subject | NewUser {
  const { user: externalId } = request.params as { readonly user?: string };
  return externalId === undefined || request.user !== undefined
    ? subjectOf(request)
    : { application: applicationOf(request), externalId };
}

/** The problem of a change that was overtaken by another of the same account. */
export function changedMeanwhile(): Problem {
  return new Problem('conflict', { detail: 'The account was changed meanwhile: try again.' });
}

/** The problem of a device that is a factor already. It does not say of which user. */
export function deviceTaken(): Problem {
  return new Problem('conflict', { detail: 'This device is enrolled already: one can be a factor once.' });
}
