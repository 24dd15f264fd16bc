import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { validationFailed } from './validation.js';

/**
 * Refuses fields that are sent to a route which takes no body: no pipe looks at those, and a caller who believes that
 * a field counted must be told (api.md, "Conventions"). It runs after the guards, as the pipes do.
 */
@Injectable()
export class RefuseUnaskedFields implements NestInterceptor {
  /** @throws Problem `validation_failed` */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { body } = context.switchToHttp().getRequest<FastifyRequest>();
    const fields = typeof body === 'object' && body !== null ? Object.keys(body) : [];
    if (fields.length > 0 && !takesBody(context)) {
      throw validationFailed(fields.map((path) => ({ path, message: 'is not a known field' })));
    }
    return next.handle();
  }
}

function takesBody(context: ExecutionContext): boolean {
  const parameters = (Reflect.getMetadata(
    ROUTE_ARGS_METADATA,
    context.getClass(),
    context.getHandler().name,
  ) ?? {}) as object;
  return Object.keys(parameters).some((key) => key.startsWith(`${RouteParamtypes.BODY}:`));
}
