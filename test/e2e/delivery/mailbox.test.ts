import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { expectProblem } from '../../factories/accounts.js';
import { enrolCodes, mobileNumber } from '../../factories/codes.js';
import { mailedToken } from '../../factories/mails.js';
import { register } from '../../factories/people.js';
import { sendRaw } from '../../factories/raw-http.js';

describe('the mailbox', () => {
  let world: TestApp;
  let phoneNumber: string;
  beforeAll(async () => {
    world = await startTestApp();
    const person = await register(world);
    const empty = await world.client.get('/dev/mailbox');
    expect(empty.body).toContain('Nothing yet');
    phoneNumber = mobileNumber();
    await enrolCodes(world, person.accessToken, { phoneNumber });
    await enrolCodes(world, person.accessToken, { email: 'a"b<i>@example.com' });
    await enrolCodes(world, person.accessToken, { email: person.email });
  });
  afterAll(() => world.stop());

  it('holds what would have been sent, the newest first', async () => {
    const { status, body, headers } = await world.client.get('/dev/messages');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject([
      {
        channel: 'email',
        to: expect.stringContaining('@example.com'),
        subject: expect.stringMatching(/^\d{6} /),
      },
      {
        channel: 'sms',
        to: phoneNumber,
        text: expect.stringMatching(/^\d{6} /),
        at: expect.stringMatching(/Z$/),
      },
    ]);
    expect(body[1].subject).toBeUndefined();
  });

  it('is a page that asks for itself again and runs nothing', async () => {
    const { status, body, headers } = await world.client.get('/dev/mailbox');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = headers.get('content-security-policy');
    expect(policy).toMatch(/default-src 'none';style-src 'sha256-[^']+';frame-ancestors 'none'/);
    expect(body).toContain('http-equiv="refresh"');
    expect(body).toContain(phoneNumber.slice(1));
    expect(body).not.toContain('<script');
  });

  it('shows links as links, to be followed', async () => {
    const worker = await startTestApp({ env: { ROLE: 'all' } });
    try {
      const { email } = await register(worker);
      const token = await mailedToken(worker, email, 'verify-email');
      const { body } = await worker.client.get('/dev/mailbox');
      expect(body).toMatch(new RegExp(`<a href="http://[^"]+/verify-email\\?token=${token}">`));
    } finally {
      await worker.stop();
    }
  });

  const raw = (path: string, headers: Readonly<Record<string, string>>): ReturnType<typeof sendRaw> =>
    sendRaw(
      world.client.baseUrl,
      `GET ${path} HTTP/1.1\r\n${Object.entries({ ...headers, Connection: 'close' })
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n`,
    );

  it.each(['localhost', 'localhost:3000', '127.0.0.1', '127.0.0.1:1', '[::1]:3000', 'LOCALHOST'])(
    'is there for Host %s',
    async (Host) => {
      expect((await raw('/dev/messages', { Host }))?.status).toBe(200);
    },
  );

  it.each([
    ['evil.example'],
    ['localhost.evil.example'],
    ['127.0.0.1.nip.io'],
    ['127.0.0.1@evil.example'],
    ['0.0.0.0'],
    ['localhost:3000:1'],
    ['127.1'],
  ])('is not there for Host %s', async (Host) => {
    for (const path of ['/dev/messages', '/dev/mailbox']) {
      const answer = await raw(path, { Host });
      expect(answer?.status).toBe(404);
      expect(answer?.body).toMatchObject({ code: 'not_found' });
    }
  });

  it.each(['Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Real-IP', 'Via'])(
    'is not there for a request with %s',
    async (header) => {
      expect((await raw('/dev/messages', { Host: 'localhost', [header]: 'for=127.0.0.1' }))?.status).toBe(
        404,
      );
    },
  );

  it('is not in the OpenAPI document', async () => {
    const { body } = await world.client.get('/openapi.json');
    expect(Object.keys(body.paths).filter((path) => path.startsWith('/dev'))).toEqual([]);
  });

  it('is not there in production, nor are the factors whose codes it would have shown', async () => {
    const production = await startTestApp({
      env: {
        NODE_ENV: 'production',
        PUBLIC_URL: 'https://auth.example.com',
        ALLOW_IN_PRODUCTION: 'in-process-store',
      },
    });
    try {
      for (const path of ['/dev/messages', '/dev/mailbox']) {
        expectProblem(await production.client.get(path), 404, 'not_found');
      }
      const { accessToken: token } = await register(production);
      const { body } = await production.client.get('/v1/factor-types', { token });
      const types = (body.data as { type: string }[]).map(({ type }) => type);
      expect(types).not.toContain('sms');
      expect(types).not.toContain('email');
      const refused = await production.client.post('/v1/me/factors', { type: 'sms', phoneNumber }, { token });
      expectProblem(refused, 400, 'validation_failed');
    } finally {
      await production.stop();
    }
  });
});
