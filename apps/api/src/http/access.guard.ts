import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { SessionStore } from '@countersign/auth';
import { Database, Problem } from '@countersign/core';
import type { FastifyRequest } from 'fastify';
import { ACCESS, type Access, ENROLMENT_EXEMPT, SENSITIVE } from './access.decorator.js';
import { isContractRoute } from './path.js';
import type { Caller } from './request.js';
import { StepUpCheck } from './step-up-check.js';

/**
 * Lets in who may come in: the credential is of the kind that the route takes, its session lives, and what the route
 * and the application's policy ask for has been proven.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: SessionStore,
    private readonly database: Database,
    private readonly stepUp: StepUpCheck,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const on = [context.getHandler(), context.getClass()];
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, on) ?? 'access-token';
    if (access === 'access-token') request.caller = await this.#caller(request);
    if (access === 'temp-token') requireTempToken(request);
    if (!isContractRoute(request)) return true;
    if (request.application === undefined)
      throw new Problem('not_found', { detail: 'There is no such application.' });
    if (request.caller === undefined) return true;

    const exempt = this.reflector.getAllAndOverride<boolean | undefined>(ENROLMENT_EXEMPT, on) === true;
    const { requireSecondFactor } = request.application.policy;
    if (requireSecondFactor && !exempt && request.caller.claims.mfaTime === undefined) {
      throw new Problem('enrolment_required');
    }
    if (this.reflector.getAllAndOverride<boolean | undefined>(SENSITIVE, on) === true) {
      this.stepUp.require(request.caller);
    }
    return true;
  }

  async #caller({ credential }: FastifyRequest): Promise<Caller> {
    if (credential === undefined || credential.kind === 'none') throw new Problem('unauthenticated');
    if (credential.kind !== 'access') throw new Problem('invalid_token');
    const { claims } = credential;
    const live = await this.sessions.findLive(this.database.direct, claims.sessionId);
    if (live === undefined || live.account.id !== claims.userId) throw new Problem('invalid_token');
    if (live.account.applicationId !== claims.applicationId) throw new Problem('invalid_token');
    return { ...live, claims };
  }
}

function requireTempToken({ credential }: FastifyRequest): void {
  if (credential === undefined || credential.kind === 'none') throw new Problem('unauthenticated');
  if (credential.kind !== 'temp') throw new Problem('invalid_token');
}
