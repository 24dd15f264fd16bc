import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** So much of a body is still read after its answer, and so long; then the connection is cut. */
const MAX_LINGERING_BYTES = 32 * 1_024 * 1_024;
const LINGERING_TIMEOUT_MS = 10_000;

/** Connections that end once the rest of a body is read. */
const lingering = new WeakSet<Socket>();

/**
 * Has an answer that comes before the end of its request's body (413, 415, 404…) be read: a connection that is closed
 * with bytes unread is reset, and the reset overtakes the answer. So our half is closed, and the rest is read and
 * dropped until the client has done the same, or for so long (RFC 9112 section 9.6).
 */
export function lingerAfterEarlyAnswers(instance: FastifyInstance): void {
  // What comes on such a connection behind that body is not looked at: it would be done and never be answered.
  instance.addHook('onRequest', ({ raw: { socket } }, reply, done) => {
    if (!lingering.has(socket)) {
      done();
      return;
    }
    reply.hijack();
    socket.destroySoon();
  });
  instance.addHook('onSend', (request, reply, payload: unknown, done) => {
    linger(request, reply);
    done(null, payload);
  });
}

/** The same for an answer that passes no hook. Call it before the answer is sent. */
export function linger({ raw }: Pick<FastifyRequest, 'raw'>, reply: FastifyReply): void {
  if (raw.complete || !hasBody(raw)) return;
  reply.header('Connection', 'close');
  readOn(raw);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function readOn(request: IncomingMessage): void {
  const { socket } = request;
  lingering.add(socket);
  const timer = setTimeout(() => socket.destroy(), LINGERING_TIMEOUT_MS);
  socket.once('close', () => clearTimeout(timer));
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_LINGERING_BYTES) socket.destroy();
  });
  // What Node calls once the last answer on a connection is written.
  const close = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    if (request.complete) {
      close();
      return;
    }
    socket.end();
    request.once('end', close);
  };
}
