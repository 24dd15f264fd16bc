import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** Warns once when a proxy is in front that nobody told us of: every client then counts as one address. */
export function warnOfUntoldProxy(instance: FastifyInstance): void {
  let warned = false;
  instance.addHook('onRequest', ({ headers }, _reply, done) => {
    done();
    if (warned || (headers['x-forwarded-for'] === undefined && headers.forwarded === undefined)) return;
    warned = true;
    new Logger('Http').warn(
      'A request came with a forwarding header, but TRUST_PROXY is false: limits count the proxy as one client. ' +
        'Set TRUST_PROXY to the number of proxies in front, if there are any.',
    );
  });
}
