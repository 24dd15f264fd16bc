import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as OTPAuth from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { Client } from '../../factories/client.js';
import { eventually } from '../../factories/process.js';
import { makeServer, type Server } from '../../factories/servers.js';

const PROGRAM = join(import.meta.dirname, '../../../examples/existing-login/server.mjs');

interface Shop {
  listen(options: { port: number; host: string }): Promise<string>;
  close(): Promise<void>;
}

describe('a backend with a login of its own', () => {
  let world: TestApp;
  let server: Server;
  let app: Shop;
  let shop: Client;
  let secret: string | undefined;
  const account = { email: 'jo@example.com', password: 'correct horse battery staple' };
  let totp: OTPAuth.TOTP;
  beforeAll(async () => {
    world = await startTestApp({ env: { ROLE: 'all', WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' } });
    server = await makeServer(world, { scopes: ['factors:write', 'challenges:write', 'webhooks:write'] });
    const { createServer } = (await import(PROGRAM)) as {
      createServer: (settings: object) => Shop;
    };
    app = createServer({
      countersign: world.client.baseUrl,
      apiKey: server.key,
      webhookSecret: () => secret,
    });
    shop = new Client(await app.listen({ port: 0, host: '127.0.0.1' }));
    const url = `${shop.baseUrl}/webhooks/countersign`;
    const made = await server.post('/v1/webhooks', {
      url,
      events: ['two_factor.enabled', 'two_factor.disabled'],
    });
    secret = made.body.secret as string;
  });
  afterAll(async () => {
    await app.close();
    await world.stop();
  });

  const code = (): string => totp.generate({ timestamp: world.clock.now().getTime() });

  it('lets users in by password alone, and enrol a second factor', async () => {
    const { session } = (await shop.post('/register', account)).body;
    expect((await shop.post('/login', account)).body.status).toBe('logged_in');
    const enrolled = await shop.post('/two-factor', {}, { token: session as string });
    totp = OTPAuth.URI.parse(enrolled.body.otpauthUri as string) as OTPAuth.TOTP;
    const confirmed = await shop.post(
      '/two-factor/confirm',
      { factor: enrolled.body.factor, code: code() },
      { token: session as string },
    );
    expect(confirmed.body.backupCodes).toHaveLength(10);
    world.clock.advance(30_000);
  });

  it('learns by webhook who has one, and asks for it from then on', async () => {
    await eventually(async () => (await shop.post('/login', account)).body.status === 'code_needed');
    const { challenge } = (await shop.post('/login', account)).body;
    expect((await shop.post('/login/code', { challenge, code: '000000' })).status).toBe(422);
    const done = await shop.post('/login/code', { challenge, code: code() });
    expect(done.body).toMatchObject({ status: 'logged_in', session: expect.any(String) });
    expect((await shop.post('/login/code', { challenge, code: code() })).status).toBe(401);
    expect((await shop.post('/login', { ...account, password: 'wrong' })).status).toBe(401);
  });

  it('takes no webhook that Countersign has not signed', async () => {
    const forged = await shop.post('/webhooks/countersign', { type: 'two_factor.disabled', data: {} });
    expect(forged.status).toBe(500);
    expect((await shop.post('/login', account)).body.status).toBe('code_needed');
  });

  it('takes about a hundred lines', () => {
    const lines = readFileSync(PROGRAM, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    expect(lines.length).toBeLessThanOrEqual(110);
  });
});
