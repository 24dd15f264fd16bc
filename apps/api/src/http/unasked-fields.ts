import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { RouteMemory } from './route-memory.js';
import { validationFailed } from './validation.js';

/**
 * Refuses fields that are sent to a route which takes no body: no pipe looks at those, and a caller who believes that
 * a field counted must be told (api.md, "Conventions"). It runs after the other guards, as the pipes do.
 */
@Injectable()
export class RefuseUnaskedFields implements CanActivate {
  readonly #takesBody = new RouteMemory(({ name }, controller) => {
    const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as object;
    return Object.keys(parameters).some((key) => key.startsWith(`${RouteParamtypes.BODY}:`));
  });

  /** @throws Problem `validation_failed` */
  canActivate(context: ExecutionContext): boolean {
    const { body } = context.switchToHttp().getRequest<FastifyRequest>();
    if (typeof body !== 'object' || body === null || this.#takesBody.of(context)) return true;
    const fields = Object.keys(body);
    if (fields.length === 0) return true;
    throw validationFailed(fields.map((path) => ({ path, message: 'is not a known field' })));
  }
}
