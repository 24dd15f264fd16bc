import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ApiKeys } from '@countersign/api-keys';
import { AccessTokens } from '@countersign/auth';
import { type Application, Applications, DEFAULT_APPLICATION } from '@countersign/directory';
import { openedByToken } from '@countersign/factors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { allowOwnOrigin } from './cors.js';
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
    private readonly apiKeys: ApiKeys,
    private readonly applications: Applications,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.credential = await this.#credential(request);
    const application = isContractRoute(request) ? await this.#application(request) : undefined;
    if (application !== undefined) request.application = application;
    allowOwnOrigin(request, context.switchToHttp().getResponse<FastifyReply>());
    return true;
  }

  async #credential({ headers }: FastifyRequest): Promise<Credential> {
    const { authorization, 'x-api-key': apiKey } = headers;
    if (apiKey !== undefined) {
      // RFC 6750 section 2: more than one way at once is refused, because two checks may look at different ones.
      return typeof apiKey === 'string' && authorization === undefined
        ? this.#key(apiKey)
        : { kind: 'invalid' };
    }
    if (authorization === undefined) return { kind: 'none' };
    // RFC 6750 section 2.1; the scheme's name is case-insensitive (RFC 9110 section 11.1).
    const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1];
    if (token === undefined) return { kind: 'invalid' };
    if (token.startsWith('tmp_')) return { kind: 'temp', token };
    if (token.startsWith('cs_')) return this.#key(token);
    const claims = this.accessTokens.read(token);
    return claims === undefined ? { kind: 'invalid' } : { kind: 'access', claims };
  }

  async #key(text: string): Promise<Credential> {
    const key = await this.apiKeys.authenticate(text);
    return key === undefined ? { kind: 'invalid-key' } : { kind: 'key', key };
  }

  // A token or key acts on its own application, but for administrators of the default one; otherwise the header chooses.
  async #application({ headers, credential }: FastifyRequest): Promise<Application | undefined> {
    const slug = headers['x-application'];
    const own = await this.#ownApplication(credential);
    if (own === undefined) return slug === undefined ? this.applications.bySlug() : this.#named(slug);
    if (slug === undefined || slug === own.slug) return own;
    const mayNameAnother = credential?.kind === 'access' && own.slug === DEFAULT_APPLICATION;
    return mayNameAnother ? this.#named(slug) : undefined;
  }

  async #ownApplication(credential: Credential | undefined): Promise<Application | undefined> {
    switch (credential?.kind) {
      case 'access':
        return this.applications.byId(credential.claims.applicationId);
      case 'key':
        return this.applications.byId(credential.key.applicationId);
      case 'temp': {
        const opening = openedByToken(credential.token);
        return opening === undefined ? undefined : this.applications.byId(opening.applicationId);
      }
      default:
        return undefined;
    }
  }

  async #named(slug: string | string[]): Promise<Application | undefined> {
    return typeof slug === 'string' && SLUG.test(slug) ? this.applications.bySlug(slug) : undefined;
  }
}
