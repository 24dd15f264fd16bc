import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import { sendRaw } from '../factories/raw-http.js';
import { expectProtected, expectRefusal } from '../factories/refusal.js';

const END = '\r\nHost: localhost\r\nConnection: close\r\n\r\n';

describe('bytes that are hardly HTTP', () => {
  let world: TestApp;
  const crashes: unknown[] = [];
  const crashed = (error: unknown): void => void crashes.push(error);

  beforeAll(async () => {
    process.on('unhandledRejection', crashed);
    world = await startTestApp();
  });
  afterEach(async () => {
    const { status } = await world.client.get('/health/live');
    expect(status, 'the service is up').toBe(200);
    expect(crashes).toEqual([]);
  });
  afterAll(async () => {
    process.off('unhandledRejection', crashed);
    await world.stop();
  });

  it.each([
    ['no request at all', 'hello\r\n\r\n'],
    ['a TLS hello', Buffer.from('160301020001000001fc0303', 'hex')],
    ['zeros', Buffer.alloc(64)],
    ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['another version', `GET / HTTP/9.9${END}`],
    ['a method that does not exist', `FOO /v1/me HTTP/1.1${END}`],
    ['a method in small letters', `get /v1/me HTTP/1.1${END}`],
    ['a space in the URL', `GET /v1/ me HTTP/1.1${END}`],
    ['a NUL in the URL', `GET /v1/\0me HTTP/1.1${END}`],
    ['no Host', 'GET /v1/me HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two Hosts', `GET /v1/me HTTP/1.1\r\nHost: evil.example${END}`],
    ['the same Host twice', `GET /v1/me HTTP/1.1\r\nhOsT: localhost${END}`],
    ['two Hosts in HTTP/1.0', `GET /v1/me HTTP/1.0\r\nHost: evil.example${END}`],
    ['a header without a colon', `GET / HTTP/1.1\r\nnonsense${END}`],
    ['a header with a NUL', `GET / HTTP/1.1\r\nX-A: a\0b${END}`],
    ['a header name with a space', `GET / HTTP/1.1\r\nX A: b${END}`],
    ['a folded header', `GET / HTTP/1.1\r\nX-A: b\r\n c${END}`],
    ['bare line feeds in a header', `GET / HTTP/1.1\r\nX-A: a\nX-B: b${END}`],
    ['headers of 20 KB', `GET / HTTP/1.1\r\nX-A: ${'a'.repeat(20_000)}${END}`],
    ['a URL of 20 KB', `GET /${'a'.repeat(20_000)} HTTP/1.1${END}`],
    ['a length that is no number', `POST /v1/auth/login HTTP/1.1\r\nContent-Length: abc${END}`],
    ['a negative length', `POST /v1/auth/login HTTP/1.1\r\nContent-Length: -1${END}`],
    ['two lengths', `POST /v1/auth/login HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2${END}`],
    [
      'a length and chunks',
      `POST /v1/auth/login HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked${END}0\r\n\r\n`,
    ],
    ['an unknown transfer coding', `POST /v1/auth/login HTTP/1.1\r\nTransfer-Encoding: xchunked${END}`],
    [
      'chunks of no length',
      `POST /v1/auth/login HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked${END}zz\r\n\r\n`,
    ],
    [
      'a chunk longer than any number',
      `POST /v1/auth/login HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked${END}ffffffffffffffffff\r\n`,
    ],
  ])('%s: refused once, as a problem', async (_what, bytes) => {
    const answer = await sendRaw(world.client.baseUrl, bytes);
    if (answer === undefined) throw new Error('closed without an answer');
    expectRefusal(answer, 'malformed_request');
    expect(answer.answers).toBe(1);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it.each([
    ['%', '/v1/%'],
    ['%zz', '/v1/me/factors/%zz'],
    ['%ff', '/v1/me/factors/%ff'],
    ['half a character', '/v1/me/devices/%e2%82'],
    ['%c0%af', '/docs/%c0%af'],
    ['% outside of the contract', '/%'],
  ])('a URL with bad percent-encoding is refused, and no instance dies of it: %s', async (_what, target) => {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'HEAD']) {
      const answer = await sendRaw(world.client.baseUrl, `${method} ${target} HTTP/1.1${END}`);
      if (answer === undefined) throw new Error('closed without an answer');
      expect(answer.status).toBe(400);
      expectProtected(answer);
    }
  });

  it.each([
    '*',
    '//',
    '//v1/me',
    '/v1//me',
    '/../v1/me',
    '/v1/me/',
    '/V1/ME',
    '/v1/me;a=b',
    '/v1/me%2f',
    'http://evil.example/v2',
    '/.git/config',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/docs/../../package.json',
    '/docs/%2e%2e%2f%2e%2e%2fpackage.json',
  ])('the target %s leads nowhere, or where it says', async (target) => {
    for (const method of ['GET', 'OPTIONS', 'DELETE']) {
      const answer = await sendRaw(world.client.baseUrl, `${method} ${target} HTTP/1.1${END}`);
      if (answer === undefined) throw new Error('closed without an answer');
      expectRefusal(answer, 'not_found', 'unauthenticated', 'method_not_allowed', 'malformed_request');
    }
  });

  it.each(['TRACE', 'PROPFIND', 'PURGE', 'LOCK', 'SEARCH', 'LINK', 'SOURCE'])(
    'the method %s is not allowed anywhere',
    async (method) => {
      const known = await sendRaw(world.client.baseUrl, `${method} /v1/me HTTP/1.1${END}`);
      if (known === undefined) throw new Error('closed without an answer');
      expectRefusal(known, 'method_not_allowed');
      expect(known.headers.get('allow')).toBe('DELETE, GET, HEAD, PATCH');
      const unknown = await sendRaw(world.client.baseUrl, `${method} /nowhere HTTP/1.1${END}`);
      if (unknown === undefined) throw new Error('closed without an answer');
      expectRefusal(unknown, 'not_found');
    },
  );

  it('a tunnel is not opened', async () => {
    const answer = await sendRaw(world.client.baseUrl, `CONNECT evil.example:443 HTTP/1.1${END}`);
    expect(answer === undefined || answer.status >= 400).toBe(true);
  });

  it('a protocol is not changed', async () => {
    const upgrade = 'Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x';
    const answer = await sendRaw(
      world.client.baseUrl,
      `GET /v1/me HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n\r\n`,
    );
    if (answer === undefined) throw new Error('closed without an answer');
    expectRefusal(answer, 'unauthenticated');
  });

  it('a strange expectation is passed over', async () => {
    const answer = await sendRaw(world.client.baseUrl, `GET /v1/me HTTP/1.1\r\nExpect: the-unexpected${END}`);
    if (answer === undefined) throw new Error('closed without an answer');
    expectRefusal(answer, 'unauthenticated');
  });

  it('a request hidden in another one is not served', async () => {
    const secret = randomUUID();
    const hidden = `GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: ${secret}\r\n\r\n`;
    const answer = await sendRaw(
      world.client.baseUrl,
      `POST /v1/auth/login HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked${END}0\r\n\r\n${hidden}`,
    );
    if (answer === undefined) throw new Error('closed without an answer');
    expectRefusal(answer, 'malformed_request');
    expect(answer.answers).toBe(1);
  });

  it('a request before them is answered as itself, and is the last of its connection', async () => {
    const body = JSON.stringify({ email: `${randomUUID()}@example.com`, password: 'plum quartz 77 lantern' });
    const answer = await sendRaw(
      world.client.baseUrl,
      `POST /v1/auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}hello\r\n\r\n`,
    );
    expect(answer).toMatchObject({ status: 201, answers: 1 });
    expect(answer?.headers.get('connection')).toBe('close');
  });

  it('a body that ends early, and a connection that is dropped, harm nobody', async () => {
    const half = `POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a"`;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = connect({ host: '127.0.0.1', port: Number(new URL(world.client.baseUrl).port) });
        await new Promise((resolve) => socket.write(half, resolve));
        const closed = new Promise((resolve) => socket.on('close', resolve));
        socket.resetAndDestroy();
        await closed;
      }),
    );
  });
});
