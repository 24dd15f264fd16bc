import { Problem } from '@countersign/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { allowErrorToBeRead, type KnownOrigins } from './cors.js';
import { linger } from './lingering-close.js';
import { problemBody, sendProblem } from './problem.response.js';
import { occurrences } from './raw-headers.js';
import { plainProtection } from './security-headers.js';

/** Refuses a URL that reaches no route and no hook: one that cannot be decoded, or whose parameter is too long. */
export async function refuseUrl(
  error: { readonly code?: string },
  request: FastifyRequest,
  reply: FastifyReply,
  { publicUrl, origins }: { readonly publicUrl: string; readonly origins: KnownOrigins },
): Promise<void> {
  linger(request, reply);
  await allowErrorToBeRead(request, reply, origins);
  reply.headers({ ...plainProtection(publicUrl), 'X-Request-Id': request.id });
  // An id that cannot exist is answered like one that does not.
  const problem =
    error.code === 'FST_ERR_MAX_PARAM_LENGTH'
      ? new Problem('not_found')
      : new Problem('malformed_request', { detail: 'The URL cannot be decoded.' });
  sendProblem(reply, problem, request.id, publicUrl);
}

/** Refuses a request that names no host, or several (RFC 9112 section 3.2): Node would take the first of them. */
export function requireHost(instance: FastifyInstance): void {
  instance.addHook('onRequest', ({ raw }, _reply, done) => {
    const hosts = occurrences(raw.rawHeaders, 'host');
    if (hosts > 1) {
      done(new Problem('malformed_request', { detail: 'There are several Host headers.' }));
    } else if (hosts === 0 && raw.httpVersion === '1.1') {
      done(new Problem('malformed_request', { detail: 'There is no Host header.' }));
    } else {
      done();
    }
  });
}

/**
 * Refuses a body in a coding that nobody knows (RFC 9112 section 6.1). Node's parser does it too, once it comes to the
 * body; what the request is about may have been looked at by then.
 */
export function refuseUnknownCodings(instance: FastifyInstance): void {
  instance.addHook('onRequest', ({ headers }, _reply, done) => {
    const coding = headers['transfer-encoding'];
    if (coding === undefined || coding.toLowerCase() === 'chunked') done();
    else done(new Problem('malformed_request', { detail: 'The transfer coding is unknown.' }));
  });
}

/** Passes over an `Expect` that is not ours, which Node would answer itself (RFC 9110 section 10.1.1 allows both). */
export function ignoreExpectations({ server }: FastifyInstance): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}

/**
 * Answers what is not HTTP, and closes the connection: Node's parser gave up before there was a request
 * (RFC 9112 section 2.2).
 */
export function refuseMalformedHttp(
  error: { readonly code?: string },
  socket: Socket,
  publicUrl: string,
): void {
  // Node keeps the answer to a request that came before on the socket: a second one would corrupt it, or be taken for it.
  const { _httpMessage: answer } = socket as AnsweringSocket;
  // A connection that its peer has reset, or on which an answer is already being written, can only be closed.
  if (error.code === 'ECONNRESET' || !socket.writable || answer?.headersSent === true) {
    socket.destroy();
    return;
  }
  if (answer?.req.complete === true) {
    answer.setHeader('Connection', 'close');
    return;
  }
  const requestId = randomUUID();
  const problem = new Problem('malformed_request', { detail: detailOf(error.code) });
  const body = JSON.stringify(problemBody(problem, requestId, publicUrl));
  const headers = {
    ...plainProtection(publicUrl),
    'X-Request-Id': requestId,
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

interface AnsweringSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null;
}

function detailOf(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') return 'The headers are too long.';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT'
    ? 'The request took too long to arrive.'
    : 'This is not HTTP/1.1.';
}
