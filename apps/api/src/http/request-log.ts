import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/**
 * Logs one line per request: method, route, status, time. The route is the pattern, never the URL, and neither
 * headers nor bodies are touched, so that no secret can get in.
 *
 * @param structured whether fields are logged for a collector, or a sentence for a person
 */
export function logRequests(instance: FastifyInstance, structured: boolean): void {
  if (!Logger.isLevelEnabled('log')) return;
  const logger = new Logger('Request');
  instance.addHook(
    'onResponse',
    ({ method, routeOptions, id: requestId }, { statusCode, elapsedTime }, done) => {
      done();
      const route = routeOptions.url ?? '(no route)';
      const ms = Math.round(elapsedTime * 10) / 10;
      logger.log(
        structured
          ? { method, route, status: statusCode, ms, requestId }
          : `${method} ${route} ${statusCode} in ${ms} ms (${requestId})`,
      );
    },
  );
}
