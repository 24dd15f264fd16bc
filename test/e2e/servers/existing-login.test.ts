import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as OTPAuth from 'otpauth';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { Client } from '../../factories/client.js';
import { makeServer, type Server } from '../../factories/servers.js';

const PROGRAM = join(import.meta.dirname, '../../../examples/existing-login/server.mjs');

interface Shop {
  listen(options: { port: number; host: string }): Promise<string>;
  close(): Promise<void>;
}

/** What stands in for Countersign's answers; without a status the connection is cut. */
interface BrokenAnswer {
  readonly status: number;
  readonly body: string;
}

interface Proxy {
  readonly url: string;
  close(): Promise<void>;
}

/** Hands requests on, or answers in Countersign's place. */
async function breakableProxy(target: string, broken: () => BrokenAnswer | undefined): Promise<Proxy> {
  const listener = createServer((request, response) => {
    const instead = broken();
    if (instead !== undefined) {
      if (instead.status === 0) request.socket.destroy();
      else response.writeHead(instead.status, { 'content-type': 'application/json' }).end(instead.body);
      return;
    }
    void text(request).then(async (body) => {
      const { method = 'GET', headers, url = '/' } = request;
      const sent = {
        method,
        headers: { 'content-type': 'application/json', 'x-api-key': String(headers['x-api-key'] ?? '') },
        ...(body === '' ? {} : { body }),
      };
      const answer = await fetch(new URL(url, target), sent);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => listener.close(() => resolve())),
  };
}

describe('a backend with a login of its own', () => {
  let world: TestApp;
  let server: Server;
  let app: Shop;
  let shop: Client;
  let proxy: Proxy;
  let broken: BrokenAnswer | undefined;
  let secret: string | undefined;
  let userId: string;
  const account = { email: 'jo@example.com', password: 'correct horse battery staple' };
  let totp: OTPAuth.TOTP;
  beforeAll(async () => {
    world = await startTestApp();
    server = await makeServer(world, { scopes: ['factors:write', 'challenges:write', 'users:read'] });
    const program = (await import(PROGRAM)) as { createServer: (settings: object) => Shop };
    proxy = await breakableProxy(world.client.baseUrl, () => broken);
    app = program.createServer({ countersign: proxy.url, apiKey: server.key, webhookSecret: () => secret });
    shop = new Client(await app.listen({ port: 0, host: '127.0.0.1' }));
  });
  afterAll(async () => {
    await app.close();
    await proxy.close();
    await world.stop();
  });

  const code = (): string => totp.generate({ timestamp: world.clock.now().getTime() });

  it('lets users in by password alone, and enrol a second factor', async () => {
    const { session } = (await shop.post('/register', account)).body;
    expect((await shop.post('/login', account)).body.status).toBe('logged_in');
    const enrolled = await shop.post('/two-factor', {}, { token: session as string });
    totp = OTPAuth.URI.parse(enrolled.body.otpauthUri as string) as OTPAuth.TOTP;
    const users = await server.get('/v1/users');
    userId =
      z
        .object({ data: z.array(z.object({ externalId: z.string() })) })
        .parse(users.body)
        .data.at(-1)?.externalId ?? '';
    const confirmed = await shop.post(
      '/two-factor/confirm',
      { factor: enrolled.body.factor, code: code() },
      { token: session as string },
    );
    expect(confirmed.body.backupCodes).toHaveLength(10);
    world.clock.advance(30_000);
  });

  it('answers an address that is taken, and a field that is missing, without a 500', async () => {
    expect((await shop.post('/register', account)).status).toBe(409);
    for (const route of ['/register', '/login', '/login/code', '/two-factor/confirm']) {
      expect((await shop.post(route, {})).status, route).toBe(400);
    }
  });

  it('asks for it from then on, though it has heard of it by no webhook', async () => {
    const { status, challenge } = (await shop.post('/login', account)).body;
    expect(status).toBe('code_needed');
    const wrong = await shop.post('/login/code', { challenge, code: '000000' });
    expect(wrong).toMatchObject({ status: 422, body: { message: expect.stringContaining('code is wrong') } });
    const done = await shop.post('/login/code', { challenge, code: code() });
    expect(done.body).toMatchObject({ status: 'logged_in', session: expect.any(String) });
    expect((await shop.post('/login/code', { challenge, code: code() })).status).toBe(401);
    expect((await shop.post('/login', { ...account, password: 'wrong' })).status).toBe(401);
  });

  it('lets events decide nothing, in whatever order they come', async () => {
    secret = `whsec_${randomBytes(32).toString('base64')}`;
    const user = { externalId: userId };
    const types = ['two_factor.disabled', 'two_factor.enabled', 'two_factor.disabled', 'webhook.test'];
    for (const type of types) {
      const [id, at] = [`evt_${randomBytes(6).toString('hex')}`, new Date()];
      const body = {
        type,
        timestamp: at.toISOString(),
        data: { user: type === 'webhook.test' ? null : user },
      };
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign(id, at, JSON.stringify(body)),
      };
      expect((await shop.post('/webhooks/countersign', body, { headers })).status).toBe(204);
      expect((await shop.post('/login', account)).body.status).toBe('code_needed');
    }
  });

  it('takes no webhook that Countersign has not signed', async () => {
    const forged = { type: 'two_factor.disabled', data: {} };
    expect((await shop.post('/webhooks/countersign', forged)).status).toBe(401);
    const headers = { 'webhook-id': 'evt_1', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA' };
    expect((await shop.post('/webhooks/countersign', forged, { headers })).status).toBe(401);
    secret = undefined;
    expect((await shop.post('/webhooks/countersign', forged)).status).toBe(401);
    expect((await shop.post('/login', account)).body.status).toBe('code_needed');
  });

  it.each([
    [401, { code: 'invalid_api_key' }, 503],
    [403, { code: 'forbidden' }, 503],
    [404, { code: 'not_found' }, 503],
    [409, { code: 'idempotency_conflict' }, 503],
    [409, {}, 503],
    [423, { code: 'factor_locked' }, 423],
    [429, { code: 'rate_limited' }, 429],
    [500, {}, 503],
    [502, '<html>a proxy</html>', 503],
    [503, { code: 'unavailable' }, 503],
    [0, {}, 503],
  ])('lets nobody in where Countersign answers %i %j', async (status, answer, expected) => {
    broken = { status, body: typeof answer === 'string' ? answer : JSON.stringify(answer) };
    try {
      const refused = await shop.post('/login', account);
      expect(refused.status).toBe(expected);
      expect(refused.body.session).toBeUndefined();
    } finally {
      broken = undefined;
    }
  });

  it('takes about a hundred lines', () => {
    const lines = readFileSync(PROGRAM, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    expect(lines.length).toBeLessThanOrEqual(110);
  });
});
