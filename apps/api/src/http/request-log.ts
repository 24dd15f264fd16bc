import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/**
 * Logs one line per request: method, route, status, time. The route is the pattern, never the URL, and neither
 * headers nor bodies are touched, so that no secret can get in.
 */
export function logRequests(instance: FastifyInstance): void {
  const logger = new Logger('Request');
  instance.addHook('onResponse', async (request, reply) => {
    logger.log({
      method: request.method,
      route: request.routeOptions.url ?? '(none)',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      requestId: request.id,
    });
  });
}
