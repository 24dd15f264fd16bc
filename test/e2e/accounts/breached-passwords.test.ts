import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { register } from '../../factories/people.js';

const BREACHED = 'plum quartz 77 lantern';
const PADDED = 'velvet harbour 31 comet';

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex').toUpperCase();

describe('a list of breached passwords', () => {
  let world: TestApp;
  let service: Server;
  let asked: { url: string; padding: string | undefined }[] = [];
  let answer: (response: ServerResponse) => void;
  let people = 0;
  beforeAll(async () => {
    service = createServer((request, response) => {
      asked.push({ url: request.url ?? '', padding: request.headers['add-padding'] as string | undefined });
      answer(response);
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address() as { port: number };
    world = await startTestApp({ env: { BREACHED_PASSWORDS_URL: `http://127.0.0.1:${port}/range/` } });
  });
  afterAll(async () => {
    await world.stop();
    service.closeAllConnections();
    service.close();
  });

  const range: typeof answer = (response) =>
    response.end(
      [`${'0'.repeat(35)}:7`, `${sha1(BREACHED).slice(5)}:12`, `${sha1(PADDED).slice(5)}:0`, ''].join('\r\n'),
    );
  const make = (password: string): Promise<Answer> => {
    people += 1;
    return world.client.post('/v1/auth/register', { email: `breach-${people}@example.com`, password });
  };

  it('refuses what is on it, and learns no more than five digits of a hash', async () => {
    answer = range;
    asked = [];
    const refused = await make(BREACHED);
    expectProblem(refused, 422, 'password_rejected');
    expect(refused.body.errors).toEqual([
      { path: 'password', message: expect.stringContaining('data breach') },
    ]);
    expect(asked).toEqual([{ url: `/range/${sha1(BREACHED).slice(0, 5)}`, padding: 'true' }]);
    const person = await register(world);
    const body = { currentPassword: person.password, newPassword: BREACHED };
    const token = person.accessToken;
    expectProblem(
      await world.client.post('/v1/auth/password/change', body, { token }),
      422,
      'password_rejected',
    );
  });

  it('lets through what is not on it, padding included', async () => {
    answer = range;
    expect((await make('granite swallow 48 tide')).status).toBe(201);
    expect((await make(PADDED)).status).toBe(201);
  });

  it('is not asked about a password that is refused anyway', async () => {
    asked = [];
    expectProblem(await make('password123!'), 422, 'password_rejected');
    expect(asked).toEqual([]);
  });

  it.each<[string, typeof answer]>([
    ['fails', (response) => response.writeHead(500).end()],
    ['redirects', (response) => response.writeHead(302, { location: '/range/x' }).end()],
    ['hangs', () => undefined],
    ['cuts the connection', (response) => response.destroy()],
    ['answers without end', (response) => endless(response)],
  ])('refuses nobody where its service %s, within two seconds', async (_how, answering) => {
    answer = answering;
    const begun = performance.now();
    expect((await make(BREACHED)).status).toBe(201);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

function endless(response: ServerResponse): void {
  response.on('error', () => undefined);
  const more = (): void => {
    if (!response.destroyed && response.write('A'.repeat(65_536))) setImmediate(more);
    else if (!response.destroyed) response.once('drain', more);
  };
  more();
}
