import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Scope } from '@countersign/api-keys';
import { Problem } from '@countersign/core';
import type { FastifyRequest } from 'fastify';
import {
  ACCESS,
  type Access,
  ENROLMENT_EXEMPT,
  OR_COOKIE,
  OWN_ACCESS,
  type Resource,
  SENSITIVE,
  VERIFICATION_EXEMPT,
} from './access.decorator.js';
import { Callers } from './callers.js';
import { wrongCredential } from './credential-names.js';
import { KeyScopes } from './key-scopes.js';
import { isContractRoute } from './path.js';
import { type Exemptions, PolicyCheck } from './policy-check.js';
import type { Caller } from './request.js';
import { RouteMemory } from './route-memory.js';
import { StepUpCheck } from './step-up-check.js';

/** What a route's decorators say of who may come in. */
interface RouteAccess {
  readonly access: Access;
  readonly orCookie: boolean;
  readonly sensitive: boolean;
  readonly exempt: Exemptions;
}

/**
 * Lets in who may come in: the credential is of a kind that the route takes and lives, its holder is allowed what the
 * route does, and what the route and the application's policy ask for has been proven.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #routes = new RouteMemory((...on): RouteAccess => {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, on) ?? OWN_ACCESS;
    const marked = (metadata: string): boolean =>
      this.reflector.getAllAndOverride<boolean | undefined>(metadata, on) === true;
    return {
      access,
      orCookie: marked(OR_COOKIE),
      sensitive: marked(SENSITIVE),
      exempt: {
        unverifiedToo: marked(VERIFICATION_EXEMPT),
        beforeEnrolment: marked(ENROLMENT_EXEMPT) && access.managed !== true,
      },
    };
  });

  constructor(
    private readonly reflector: Reflector,
    private readonly callers: Callers,
    private readonly policy: PolicyCheck,
    private readonly stepUp: StepUpCheck,
    private readonly scopes: KeyScopes,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { access, orCookie, sensitive, exempt } = this.#routes.of(context);
    const byCookie = orCookie ? await this.callers.byCookie(request) : undefined;
    if (byCookie !== undefined) request.caller = byCookie;
    const credential = byCookie === undefined ? admitted(request, access) : undefined;
    if (credential?.kind === 'access') request.caller = await this.callers.byToken(credential.claims);
    if (!isContractRoute(request)) return true;
    if (request.application === undefined) throw noSuchApplication();
    if (credential?.kind === 'key' && access.resource !== undefined) {
      await this.scopes.require(request, scopeFor(access.resource, writes(request)));
    }
    if (request.caller === undefined) return true;

    await this.policy.require(request.caller, exempt);
    if (access.managed === true) {
      requireAdministrator(request.caller);
      if (writes(request)) this.stepUp.requireOfAdministrator(request.caller);
      return true;
    }
    // A token acts on its own application; only administrators, on what they manage, may name another.
    if (request.application.id !== request.caller.account.applicationId) throw noSuchApplication();
    if (sensitive) this.stepUp.require(request.caller);
    return true;
  }
}

type Held = Extract<NonNullable<FastifyRequest['credential']>, { kind: Access['takes'][number] }>;

// `undefined` where the route is open to everybody.
function admitted({ credential }: FastifyRequest, { takes }: Access): Held | undefined {
  if (takes.length === 0) return undefined;
  if (credential === undefined || credential.kind === 'none') throw new Problem('unauthenticated');
  if (credential.kind === 'invalid-key' && takes.includes('key')) throw new Problem('invalid_api_key');
  if (!isHeld(credential) || !takes.includes(credential.kind)) throw wrongCredential(credential, takes);
  return credential;
}

function isHeld(credential: NonNullable<FastifyRequest['credential']>): credential is Held {
  return ['access', 'temp', 'key'].includes(credential.kind);
}

// A challenge that is read was opened by whoever may write; events are only ever read.
function scopeFor(resource: Resource, write: boolean): Scope {
  if (resource === 'challenges') return 'challenges:write';
  if (resource === 'events') return 'events:read';
  return `${resource}:${write ? 'write' : 'read'}`;
}

function requireAdministrator({ account }: Caller): void {
  if (account.role !== 'admin') {
    throw new Problem('forbidden', { detail: 'This is for administrators and API keys.' });
  }
}

function writes({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

function noSuchApplication(): Problem {
  return new Problem('not_found', { detail: 'There is no such application.' });
}
