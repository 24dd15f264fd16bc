import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { UserReader } from '@countersign/auth';
import { Database } from '@countersign/core';
import type { FastifyRequest } from 'fastify';
import { KeyScopes } from './key-scopes.js';
import { userOf } from './request.js';

/** Asks a key that erases a user with factors for the scope to change those, too. */
@Injectable()
export class ErasureGuard implements CanActivate {
  constructor(
    private readonly reader: UserReader,
    private readonly scopes: KeyScopes,
    private readonly database: Database,
  ) {}

  /** @throws Problem `insufficient_scope` */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { credential } = request;
    if (credential?.kind !== 'key' || credential.key.scopes.includes('factors:write')) return true;
    const hasFactors = await this.reader.hasFactors(this.database.direct, userOf(request).id);
    if (hasFactors) await this.scopes.require(request, 'factors:write');
    return true;
  }
}
