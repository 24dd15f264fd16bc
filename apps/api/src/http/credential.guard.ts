import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AccessTokens } from '@countersign/auth';
import { parseToken } from '@countersign/core';
import { Applications } from '@countersign/directory';
import type { FastifyRequest } from 'fastify';
import { isContractRoute } from './path.js';
import type { Credential } from './request.js';

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62})$/;

/**
 * Reads the credential and finds the application, which only routes of the contract have. It lets everyone on: the
 * guards after it decide.
 */
@Injectable()
export class CredentialGuard implements CanActivate {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly applications: Applications,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.credential = this.#credential(request);
    const application = isContractRoute(request) ? await this.#application(request) : undefined;
    if (application !== undefined) request.application = application;
    return true;
  }

  #credential({ headers }: FastifyRequest): Credential {
    if (headers['x-api-key'] !== undefined) return { kind: 'invalid' };
    const { authorization } = headers;
    if (authorization === undefined) return { kind: 'none' };
    // RFC 6750 section 2.1; the scheme's name is case-insensitive (RFC 9110 section 11.1).
    const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1];
    if (token === undefined) return { kind: 'invalid' };
    if (token.startsWith('tmp_')) return { kind: 'temp', token };
    const claims = this.accessTokens.read(token);
    return claims === undefined ? { kind: 'invalid' } : { kind: 'access', claims };
  }

  // A token acts on its own application; otherwise the header chooses.
  async #application({ headers, credential }: FastifyRequest): Promise<FastifyRequest['application']> {
    const slug = headers['x-application'];
    if (credential?.kind === 'access') {
      const own = await this.applications.byId(credential.claims.applicationId);
      return slug === undefined || slug === own?.slug ? own : undefined;
    }
    if (credential?.kind === 'temp') {
      const applicationId = parseToken('tmp', credential.token)?.ids[0];
      const own = applicationId === undefined ? undefined : await this.applications.byId(applicationId);
      if (own !== undefined) return slug === undefined || slug === own.slug ? own : undefined;
    }
    if (slug === undefined) return this.applications.bySlug();
    return typeof slug === 'string' && SLUG.test(slug) ? this.applications.bySlug(slug) : undefined;
  }
}
