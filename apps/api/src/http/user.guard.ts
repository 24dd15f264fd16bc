import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Database, Problem } from '@countersign/core';
import { type KnownUser, UserStore } from '@countersign/directory';
import type { FastifyRequest } from 'fastify';
import { OF_USER, type UserRoute } from './access.decorator.js';
import { externalIdFault } from './external-id.js';
import { applicationOf } from './request.js';
import { RouteMemory } from './route-memory.js';
import { validationFailed } from './validation.js';

/** Finds the user of a route under `/v1/users/{user}`, and holds writes to whom they may touch. */
@Injectable()
export class UserGuard implements CanActivate {
  readonly #routes = new RouteMemory(
    (...on) => this.reflector.getAllAndOverride<UserRoute | undefined>(OF_USER, on) ?? {},
  );

  constructor(
    private readonly reflector: Reflector,
    private readonly users: UserStore,
    private readonly database: Database,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { user: externalId } = request.params as { readonly user?: string };
    const route = this.#routes.of(context);
    return externalId === undefined || route.readsItself === true || this.#find(request, route, externalId);
  }

  async #find(request: FastifyRequest, route: UserRoute, externalId: string): Promise<boolean> {
    const user = await this.users.byExternalId(this.database.direct, applicationOf(request).id, externalId);
    if (user === undefined) return lettingInNewcomers(route, externalId);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      permitChange(request, user);
      if (route.suspendedToo !== true) requireActive(user);
    }
    request.user = user;
    return true;
  }
}

function lettingInNewcomers({ mayBeNew }: UserRoute, externalId: string): true {
  if (mayBeNew !== true) throw new Problem('not_found');
  const fault = externalIdFault(externalId);
  if (fault !== undefined) throw validationFailed([{ path: 'user', message: fault }]);
  return true;
}

/**
 * Whether the caller may change this user: no key changes an administrator, and administrators change themselves where
 * everybody does, with a fresh proof of their own.
 * @throws Problem `forbidden`
 */
export function permitChange({ credential, caller }: FastifyRequest, user: KnownUser): void {
  if (credential?.kind === 'key' && user.role === 'admin') {
    throw new Problem('forbidden', { detail: 'API keys cannot act on administrators.' });
  }
  if (caller?.account.id === user.id) {
    throw new Problem('forbidden', { detail: 'Administrators act on their own account under /v1/me.' });
  }
}

/** @throws Problem `forbidden` for a suspended user */
export function requireActive({ status }: KnownUser): void {
  if (status !== 'active') throw new Problem('forbidden', { detail: 'The user is suspended.' });
}
