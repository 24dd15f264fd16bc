import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ApiKeys } from '@countersign/api-keys';
import { AccessTokens } from '@countersign/auth';
import type { BoundedLookup } from '@countersign/core';
import { type Application, Applications, DEFAULT_APPLICATION } from '@countersign/directory';
import { openedByToken } from '@countersign/factors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BoundedLookups } from './bounded-lookups.js';
import { allowOwnOrigin } from './cors.js';
import { lookOf } from './credential-names.js';
import { isContractRoute } from './path.js';
import { presentedBy } from './presented-credential.js';
import type { Credential } from './request.js';

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62})$/;

/**
 * Reads the credential and finds the application, which only routes of the contract have. It lets everyone on: the
 * guards after it decide. What is remembered costs nothing; what a stranger names is looked up within the limit of their
 * address.
 */
@Injectable()
export class CredentialGuard implements CanActivate {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly apiKeys: ApiKeys,
    private readonly applications: Applications,
    private readonly lookups: BoundedLookups,
  ) {}

  /** @throws Problem `rate_limited` where an address had too much looked up that was not there */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const bounded = this.lookups.of(request, reply);
    request.credential = await this.#credential(request, bounded);
    const application = isContractRoute(request) ? await this.#application(request, bounded) : undefined;
    if (application !== undefined) request.application = application;
    allowOwnOrigin(request, reply);
    return true;
  }

  async #credential({ raw }: FastifyRequest, bounded: BoundedLookup): Promise<Credential> {
    const presented = presentedBy(raw);
    switch (presented.kind) {
      case 'none':
      case 'several':
        return presented;
      case 'other':
        return { kind: 'invalid', came: 'an Authorization header that is no bearer token' };
      case 'key':
        return this.#key(presented.text, bounded);
      case 'bearer': {
        const { text } = presented;
        if (text.startsWith('tmp_')) return { kind: 'temp', token: text };
        if (text.startsWith('cs_')) return this.#key(text, bounded);
        const claims = this.accessTokens.read(text);
        return claims === undefined ? { kind: 'invalid', came: lookOf(text) } : { kind: 'access', claims };
      }
    }
  }

  async #key(text: string, bounded: BoundedLookup): Promise<Credential> {
    const key = await this.apiKeys.authenticate(text, bounded);
    return key === undefined ? { kind: 'invalid-key' } : { kind: 'key', key };
  }

  // A token or key acts on its own application, but for administrators of the default one; otherwise the header chooses.
  async #application(request: FastifyRequest, bounded: BoundedLookup): Promise<Application | undefined> {
    const { headers, credential } = request;
    const slug = headers['x-application'];
    const own = await this.#ownApplication(credential, bounded);
    request.namesApplication = own !== undefined || slug !== undefined;
    if (own === undefined) {
      return slug === undefined ? this.applications.bySlug() : this.#named(slug, bounded);
    }
    if (slug === undefined || slug === own.slug) return own;
    const mayNameAnother = credential?.kind === 'access' && own.slug === DEFAULT_APPLICATION;
    return mayNameAnother ? this.#named(slug, bounded) : undefined;
  }

  async #ownApplication(
    credential: Credential | undefined,
    bounded: BoundedLookup,
  ): Promise<Application | undefined> {
    switch (credential?.kind) {
      case 'access':
        return this.applications.byId(credential.claims.applicationId);
      case 'key':
        return this.applications.byId(credential.key.applicationId);
      case 'temp': {
        // Anybody can write a temp token; whether it opens anything is looked at when it is used.
        const opening = openedByToken(credential.token);
        return opening === undefined ? undefined : this.applications.byId(opening.applicationId, bounded);
      }
      default:
        return undefined;
    }
  }

  async #named(slug: string | string[], bounded: BoundedLookup): Promise<Application | undefined> {
    return typeof slug === 'string' && SLUG.test(slug) ? this.applications.bySlug(slug, bounded) : undefined;
  }
}
