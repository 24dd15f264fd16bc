import fastifyCors from '@fastify/cors';
import { type LoggerService, type LogLevel as NestLogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IdempotentRequests } from '@countersign/api-keys';
import type { FastifyHttpOptions, RawServerDefault } from 'fastify';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { CoreConfig, LoadedConfig } from '@countersign/core';
import { type Clock, newId, SystemClock } from '@countersign/core';
import { TWILIO_CALLBACK } from '@countersign/delivery';
import { Applications } from '@countersign/directory';
import { AppModule } from './app.module.js';
import { cookiePlugin } from './http/cookies.js';
import { allowErrorsToBeRead, corsOptions } from './http/cors.js';
import type { HttpConfig, LogLevel, TrustedProxies } from './http/http.config.js';
import { completeClaims } from './http/idempotency.js';
import { serveOpenApi } from './http/openapi.js';
import { ProblemFilter } from './http/problem.filter.js';
import { logRequests } from './http/request-log.js';
import { lingerAfterEarlyAnswers } from './http/lingering-close.js';
import { QuietLogger } from './http/quiet-logger.js';
import { RouteTable } from './http/route-table.js';
import { warnOfUntoldProxy } from './http/forwarding-warning.js';
import { protectAnswers } from './http/security-headers.js';
import {
  ignoreExpectations,
  refuseMalformedHttp,
  refuseUnknownCodings,
  refuseUrl,
  requireHost,
} from './http/refused-early.js';
import { MAX_BODY_BYTES, readForms, readStrictJson } from './http/body.js';
import { validationPipe } from './http/validation.js';

// An id of 255 bytes, each of them percent-encoded, and some more so that longer ones meet their own refusal.
const LONGEST_PARAMETER = 1_024;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Builds the application, ready to listen: every module, every route and everything that a request passes.
 *
 * @param databaseUrl where PostgreSQL is; already migrated
 * @param clock the machine's, but for tests that move it
 */
export async function createApp(
  config: LoadedConfig,
  databaseUrl: string,
  clock: Clock = new SystemClock(),
): Promise<NestFastifyApplication> {
  const core = config.slices['core'] as CoreConfig;
  const http = config.slices['http'] as HttpConfig;
  const server: FastifyHttpOptions<RawServerDefault> = {
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: trustFunction(http.trustProxy),
    requestIdHeader: false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId(clock);
    },
    // Requests that reach a process which is about to stop are served, not turned away.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    connectionTimeout: 60_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: LONGEST_PARAMETER, ignoreTrailingSlash: false },
    frameworkErrors: (error, request, reply) => {
      const applications = app.get(Applications);
      const origins = { deployment: core.corsOrigins, applications };
      void refuseUrl(error, request, reply, { publicUrl: core.publicUrl, origins });
    },
    clientErrorHandler: (error, socket) => refuseMalformedHttp(error, socket, core.publicUrl),
    // The target of `OPTIONS *` (RFC 9112 section 3.2.4) is no path, and passes by every hook: as a path it is one more
    // that leads nowhere.
    rewriteUrl: ({ url = '/' }) => (url === '*' ? '/*' : url),
    // Node would answer a request without Host by itself, without our headers: the check is ours (`requireHost`).
    http: { requireHostHeader: false },
  };
  const adapter = new FastifyAdapter(server);
  const instance = adapter.getInstance();
  const routes = RouteTable.of(instance);
  const app = await NestFactory.create<NestFastifyApplication>(
    await AppModule.forRoot(config, databaseUrl, clock),
    adapter,
    {
      bodyParser: false,
      logger: loggerFor(http.logLevel, core.production),
      abortOnError: false,
      forceCloseConnections: false,
    },
  );
  protectAnswers(instance, core.publicUrl);
  ignoreExpectations(instance);
  requireHost(instance);
  refuseUnknownCodings(instance);
  readStrictJson(instance);
  readForms(instance, TWILIO_CALLBACK);
  logRequests(instance, core.production);
  if (core.production && http.trustProxy === false) warnOfUntoldProxy(instance);
  await app.register(cookiePlugin);
  const origins = { deployment: core.corsOrigins, applications: app.get(Applications) };
  await app.register(fastifyCors, corsOptions(origins));
  allowErrorsToBeRead(instance, origins);
  lingerAfterEarlyAnswers(instance);
  completeClaims(instance, app.get(IdempotentRequests));
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(routes, core.publicUrl));
  if (core.role !== 'worker') serveOpenApi(app, core);
  await app.init();
  return app;
}

// Fastify counts hops from the nearest, which is hop 0.
function trustFunction(
  proxies: TrustedProxies,
): false | string[] | ((address: string, hop: number) => boolean) {
  return typeof proxies === 'number' ? (_address, hop) => hop < proxies : proxies;
}

const TOLD_BY_THE_STARTER = new Set<unknown>(['ExceptionHandler', 'NestApplication']);

// Nest logs, with its stack, what it then throws to us; whoever starts the application says it in a sentence.
class StartQuietLogger extends QuietLogger {
  override error(message: unknown, ...rest: unknown[]): void {
    if (!TOLD_BY_THE_STARTER.has(rest.at(-1))) super.error(message, ...rest);
  }
}

function loggerFor(level: LogLevel, json: boolean): LoggerService | false {
  const levels: Record<Exclude<LogLevel, 'silent'>, NestLogLevel[]> = {
    debug: ['debug', 'log', 'warn', 'error', 'fatal'],
    info: ['log', 'warn', 'error', 'fatal'],
    warn: ['warn', 'error', 'fatal'],
    error: ['error', 'fatal'],
  };
  return level === 'silent' ? false : new StartQuietLogger({ json, logLevels: levels[level], compact: true });
}
