import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';

const TEN_MEGABYTES = Buffer.alloc(10 * 1_024 * 1_024, 'x');
const TIMES = 6;
const times = Array.from({ length: TIMES }, (_, time) => time);

describe('a body over the limit', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  const url = (): URL => new URL('/v1/auth/login', world.client.baseUrl);
  const open = async (): Promise<Socket> => {
    const { hostname, port } = url();
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return socket;
  };
  const headOf = (length: string): string =>
    `POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;

  it('is refused to a client that sends all of it before it reads, each time', async () => {
    for (const _time of times) {
      const socket = await open();
      socket.pause();
      const errors: Error[] = [];
      socket.on('error', (error) => errors.push(error));
      const sent = new Promise((resolve) => socket.on('drain', resolve));
      socket.write(headOf(`Content-Length: ${TEN_MEGABYTES.length}`));
      socket.write(TEN_MEGABYTES);
      await sent;
      const answer = await textOf(socket);
      expect(errors).toEqual([]);
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toContain('"code":"payload_too_large"');
      expect(answer.toLowerCase()).toContain('connection: close');
    }
  });

  it('is refused to the clients of Node, each time', async () => {
    const statuses: number[] = [];
    for (const _time of times) {
      const headers = { 'content-type': 'application/json' };
      statuses.push((await fetch(url(), { method: 'POST', headers, body: TEN_MEGABYTES })).status);
      statuses.push(await postedWith(url(), headers, TEN_MEGABYTES));
    }
    expect(statuses).toEqual(times.flatMap(() => [413, 413]));
  });

  it('is refused in chunks as well', async () => {
    const socket = await open();
    socket.pause();
    socket.write(headOf('Transfer-Encoding: chunked'));
    socket.write(`${TEN_MEGABYTES.length.toString(16)}\r\n`);
    socket.write(TEN_MEGABYTES);
    socket.write('\r\n0\r\n\r\n');
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it.each([
    ['a type that is not read', 'POST /v1/auth/login', 'text/plain', 415],
    ['a path that does not exist', 'POST /v1/nowhere', 'application/json', 413],
    ['a method that is not allowed', 'PUT /v1/auth/login', 'text/plain', 405],
    ['a URL that cannot be decoded', 'POST /v1/%zz', 'application/json', 400],
  ])('does not hide the refusal of %s', async (_what, target, type, status) => {
    const socket = await open();
    socket.pause();
    socket.write(
      `${target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${TEN_MEGABYTES.length}\r\n\r\n`,
    );
    socket.write(TEN_MEGABYTES);
    expect(await textOf(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('ends its connection: what comes behind it on the same is not done', async () => {
    const socket = await open();
    const registration = JSON.stringify({ email: 'behind@example.com', password: 'plum quartz 77 lantern' });
    const body = 'x'.repeat(200_000);
    socket.write(
      `${headOf(`Content-Length: ${body.length}`)}${body}${headOf(`Content-Length: ${registration.length}`).replace('login', 'register')}${registration}`,
    );
    const answers = (await textOf(socket)).match(/HTTP\/1\.1 \d+/g);
    expect(answers).toEqual(['HTTP/1.1 413']);
    const again = await world.client.post('/v1/auth/register', JSON.parse(registration));
    expect(again.status).toBe(201);
  });

  it('that never ends is cut off', async () => {
    const socket = await open();
    let sent = 0;
    socket.on('error', () => undefined);
    socket.write(headOf('Transfer-Encoding: chunked'));
    const chunk = Buffer.concat([
      Buffer.from('100000\r\n'),
      Buffer.alloc(1_024 * 1_024, 'x'),
      Buffer.from('\r\n'),
    ]);
    const closed = once(socket, 'close');
    const send = (): void => {
      while (!socket.destroyed && socket.write(chunk)) sent += 1;
    };
    socket.on('drain', () => {
      sent += 1;
      send();
    });
    send();
    socket.resume();
    await closed;
    expect(sent).toBeLessThan(200);
  });
});

async function textOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.resume();
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

function postedWith(url: URL, headers: Record<string, string>, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      url,
      { method: 'POST', headers: { ...headers, 'content-length': body.length } },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
