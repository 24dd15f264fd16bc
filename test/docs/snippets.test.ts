import { type ExecFileException, execFile } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { createServer, type RequestListener } from 'node:http';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import { Client } from '../factories/client.js';
import { wrongCode } from '../factories/factors.js';
import {
  enrolServedUser,
  makeServer,
  newExternalId,
  type ServedUser,
  type Server,
} from '../factories/servers.js';
import { readPages, ROOT } from './markdown.js';

/** The guides whose files stand by themselves. */
const PAGES = new Set(['docs/integration.md', 'docs/webhooks.md']);

const PYTHON = ['/usr/bin/python3', 'python3'].find(runs('import hmac'));
const PYTHON_WITH_FASTAPI = ['/usr/bin/python3', 'python3'].find(runs('import fastapi, httpx'));

function runs(program: string): (python: string) => boolean {
  return (python) => spawnSync(python, ['-c', program]).status === 0;
}

/** Writes the files that the pages show into a folder from which our packages are found. */
function writeSnippets(): string {
  mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, 'node_modules/.cache/docs-'));
  for (const { path, text } of readPages()) {
    if (!PAGES.has(path)) continue;
    for (const [, file = '', code = ''] of text.matchAll(/<!-- file: (\S+) -->\n+```\w+\n(.*?)^```$/gms)) {
      writeFileSync(join(folder, file), code);
    }
  }
  return folder;
}

function run(
  program: string,
  args: readonly string[],
  { cwd, env = {}, input }: { cwd: string; env?: Record<string, string>; input?: string },
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...args],
      { cwd, env: { PATH: process.env['PATH'], ...env } },
      (error: ExecFileException | null, out, err) => {
        resolve({
          code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1,
          output: `${out}${err}`,
        });
      },
    );
    child.stdin?.end(input);
  });
}

/** What Countersign may answer beside 2xx and 422, and the status that the user is shown. */
const REFUSALS = [
  [400, 'validation_failed', 503],
  [401, 'invalid_api_key', 503],
  [403, 'insufficient_scope', 503],
  [404, 'not_found', 503],
  [409, 'conflict', 409],
  [410, 'challenge_closed', 410],
  [423, 'factor_locked', 423],
  [429, 'too_many_attempts', 429],
  [500, 'internal', 503],
  [503, 'unavailable', 503],
] as const;

const REFUSED_IN_PYTHON = `
from second_factor import Refused, approve, begin_login, finish_login
told = []
for work in (lambda: begin_login("jo"), lambda: finish_login("jo", "chl_x", "1"), lambda: approve("jo", "1")):
    try:
        work()
        told.append("let in")
    except Refused as refused:
        assert "wrong" not in str(refused) and "used before" not in str(refused)
        told.append(refused.status)
print(*told)
`;

/** The part of a login that everybody has already. */
const YOUR_LOGIN = `
const kept = new Map();
export const passwordFits = async (email, password) => (password === 'fits' ? { id: email } : undefined);
export const startSession = async ({ id }) => ({ session: id });
export const halfLogins = {
  keep: async (half) => (kept.set(half.challenge, half), half.challenge),
  find: async (id) => kept.get(id),
};
`;

const SHOP = `
import express from 'express';
import { login } from './login.mjs';
export const app = express().use(login);
`;

async function listening(app: RequestListener): Promise<{ shop: Client; close: () => Promise<void> }> {
  const listener = createServer(app);
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  return {
    shop: new Client(`http://127.0.0.1:${port}`),
    close: () => new Promise((resolve) => listener.close(() => resolve())),
  };
}

describe('the programs of the guides', () => {
  let folder: string;
  let world: TestApp;
  let server: Server;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = writeSnippets();
    world = await startTestApp();
    server = await makeServer(world, { scopes: ['factors:write', 'challenges:write'] });
    env = { COUNTERSIGN_URL: world.client.baseUrl, COUNTERSIGN_API_KEY: server.key };
    Object.assign(process.env, env);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await world.stop();
  });

  const load = (file: string): Promise<Record<string, (...args: unknown[]) => Promise<unknown>>> =>
    import(join(folder, file)) as Promise<Record<string, (...args: unknown[]) => Promise<unknown>>>;

  describe('for a login of one’s own', () => {
    it('enrol and approve in JavaScript', async () => {
      const { approve, enrol, activate } = await load('second-factor.mjs');
      const user = newExternalId();
      const enrolled = (await enrol?.(user)) as { ok: boolean; id: string };
      expect(enrolled).toMatchObject({ ok: true, qrCode: expect.stringMatching(/^data:image/) });
      expect(await activate?.(user, enrolled.id, 'nonsense')).toMatchObject({ ok: false });
      const known = await enrolServedUser(world, server);
      expect(await approve?.(known.externalId, wrongCode(known), 'transfer', { amount: 5 })).toBe(false);
      expect(await approve?.(known.externalId, known.code(), 'transfer', { amount: 5 })).toBe(true);
      world.clock.advance(30_000);
    });

    it('let a user in by password alone where Countersign says so, and by the code otherwise', async () => {
      writeFileSync(join(folder, 'your-login.mjs'), YOUR_LOGIN);
      writeFileSync(join(folder, 'shop.mjs'), SHOP);
      const { app } = (await import(join(folder, 'shop.mjs'))) as { app: RequestListener };
      const [plain, user] = [newExternalId(), await enrolServedUser(world, server)];
      const { shop, close } = await listening(app);
      const password = 'fits';
      expect((await shop.post('/login', { email: plain, password: 'no' })).status).toBe(401);
      expect((await shop.post('/login', { email: plain, password })).body).toEqual({ session: plain });
      const { status, half } = (await shop.post('/login', { email: user.externalId, password })).body;
      expect(status).toBe('code_needed');
      expect((await shop.post('/login/code', { half, code: wrongCode(user) })).status).toBe(422);
      const done = await shop.post('/login/code', { half, code: user.code() });
      expect(done.body).toEqual({ session: user.externalId });
      const again = await shop.post('/login/code', { half, code: user.code() });
      expect(again).toMatchObject({ status: 410, body: { error: expect.stringContaining('begin again') } });
      world.clock.advance(30_000);
      await close();
    });

    it.each(REFUSALS)(
      'tell a refusal of %i %s from a wrong code, and let nobody in',
      async (status, code, told) => {
        const fake = await listening((_request, response) => {
          response
            .writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' })
            .end(JSON.stringify({ status, code }));
        });
        const refused = (work: Promise<unknown> | undefined): Promise<unknown> =>
          Promise.resolve(work).then(
            () => 'let in',
            (error: { status: number; message: string; answer: { retryAfter: string } }) => [
              error.status,
              error.answer.retryAfter,
              /wrong|used before/.test(error.message),
            ],
          );
        process.env['COUNTERSIGN_URL'] = fake.shop.baseUrl;
        try {
          const { approve, beginLogin, finishLogin } = await load(`second-factor.mjs?${status}${code}`);
          const expected = [told, '7', false];
          expect(await refused(beginLogin?.('jo', {}))).toEqual(expected);
          expect(await refused(finishLogin?.('jo', 'chl_x', '123456'))).toEqual(expected);
          expect(await refused(approve?.('jo', '123456'))).toEqual(expected);
          if (PYTHON !== undefined) {
            const inPython = { ...env, COUNTERSIGN_URL: fake.shop.baseUrl };
            const ran = await run(PYTHON, ['-c', REFUSED_IN_PYTHON], { cwd: folder, env: inPython });
            expect(ran).toEqual({ code: 0, output: `${told} ${told} ${told}\n` });
          }
        } finally {
          process.env['COUNTERSIGN_URL'] = world.client.baseUrl;
          await fake.close();
        }
      },
    );

    it('let nobody in where there is no service', async () => {
      process.env['COUNTERSIGN_URL'] = 'http://127.0.0.1:1';
      try {
        const { beginLogin } = await load('second-factor.mjs?away');
        await expect(beginLogin?.('jo', {})).rejects.toMatchObject({ status: 503 });
      } finally {
        process.env['COUNTERSIGN_URL'] = world.client.baseUrl;
      }
    });

    it('work in Express', async () => {
      const { app } = (await import(join(folder, 'express-app.mjs'))) as {
        app: { handle: (request: unknown, response: unknown) => void };
      };
      const user = await enrolServedUser(world, server);
      const { shop, close } = await listening((request, response) => {
        Object.assign(request, { user: { id: user.externalId } });
        app.handle(request, response);
      });
      expect((await shop.post('/two-factor', {})).body).toMatchObject({ id: expect.stringMatching(/^fac_/) });
      const unknown = await shop.post(`/two-factor/${user.factorId}`, { code: user.code() });
      expect(unknown, 'no pending factor, which is no wrong code').toMatchObject({ status: 503 });
      expect((await shop.post('/transfer', { code: wrongCode(user), amount: 5 })).status).toBe(403);
      expect((await shop.post('/transfer', { code: user.code(), amount: 5 })).body).toEqual({
        approved: true,
      });
      world.clock.advance(30_000);
      await close();
    });

    it('work as a route handler of Next.js', async () => {
      const user = await enrolServedUser(world, server);
      writeFileSync(
        join(folder, 'session.mjs'),
        `export const userOf = async () => ({ id: ${JSON.stringify(user.externalId)} });`,
      );
      const { POST } = await load('route.mjs');
      const ask = async (code: string): Promise<number> => {
        const request = new Request('http://shop.example/transfer', {
          method: 'POST',
          body: JSON.stringify({ code, amount: 5 }),
        });
        return ((await POST?.(request)) as Response).status;
      };
      expect(await ask(wrongCode(user))).toBe(403);
      expect(await ask(user.code())).toBe(200);
      world.clock.advance(30_000);
    });

    const inPython = (user: ServedUser, wrong: string): string =>
      [
        'from second_factor import activate, approve, begin_login, enrol, finish_login',
        `status, enrolled = enrol(${JSON.stringify(newExternalId())})`,
        `assert status == 201 and enrolled["qrCode"].startswith("data:image"), enrolled`,
        `assert activate("nobody", enrolled["id"], "123456")[0] == 404`,
        `assert not approve(${JSON.stringify(user.externalId)}, "${wrong}", "transfer", {"amount": 5})`,
        `assert approve(${JSON.stringify(user.externalId)}, "${user.code()}", "transfer", {"amount": 5})`,
        `assert approve(${JSON.stringify(user.externalId)}, "${user.backupCodes[0] ?? ''}", None, None)`,
        `assert begin_login("${newExternalId()}") is None`,
        `challenge = begin_login(${JSON.stringify(user.externalId)}, {"ip": "203.0.113.7"})`,
        `assert not finish_login(${JSON.stringify(user.externalId)}, challenge["id"], "${wrong}")`,
        `assert finish_login(${JSON.stringify(user.externalId)}, challenge["id"], "${user.backupCodes[1] ?? ''}")`,
      ].join('\n');

    // Needs Python.
    it.skipIf(PYTHON === undefined)('enrol and approve in Python', async () => {
      const user = await enrolServedUser(world, server);
      const program = inPython(user, wrongCode(user));
      expect(await run(PYTHON ?? '', ['-c', program], { cwd: folder, env })).toEqual({ code: 0, output: '' });
      world.clock.advance(30_000);
    });

    // Needs FastAPI: apt-get install python3-fastapi python3-httpx.
    it.skipIf(PYTHON_WITH_FASTAPI === undefined)('work in FastAPI', async () => {
      const user = await enrolServedUser(world, server);
      writeFileSync(
        join(folder, 'session.py'),
        `def current_user():\n    return ${JSON.stringify(user.externalId)}\n`,
      );
      const program = [
        'from fastapi.testclient import TestClient',
        'from app import app',
        'shop = TestClient(app)',
        `assert shop.post("/transfer", json={"code": "${wrongCode(user)}", "amount": 5}).status_code == 403`,
        `assert shop.post("/transfer", json={"code": "${user.code()}", "amount": 5}).json() == {"approved": True}`,
      ].join('\n');
      const { code, output } = await run(PYTHON_WITH_FASTAPI ?? '', ['-c', program], { cwd: folder, env });
      expect(code, output).toBe(0);
    });
  });

  describe('that verify webhooks', () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const body = JSON.stringify({ type: 'webhook.test', data: { user: null, name: 'é ☃' } });
    const at = new Date();
    const headers = {
      'webhook-id': 'evt_01jdc0m6bye5ts0kc28f7q9v3m',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')} ${new Webhook(secret).sign('evt_01jdc0m6bye5ts0kc28f7q9v3m', at, body)}`,
    };
    const forged = { ...headers, 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` };
    const old = { ...headers, 'webhook-timestamp': String(Math.floor(at.getTime() / 1_000) - 301) };

    it.each(['with-library.mjs', 'by-hand.mjs'])('take ours and no other: %s', async (file) => {
      const { verified } = await load(file);
      const verify = (given: object, raw = body): unknown =>
        (verified as unknown as (...args: unknown[]) => unknown)(secret, given, raw);
      expect(verify(headers)).toEqual(JSON.parse(body));
      for (const wrong of [forged, old]) expect(() => verify(wrong)).toThrow();
      expect(() => verify(headers, body.replace('test', 'tent'))).toThrow();
      expect(() => verify({})).toThrow();
      expect(() => verified?.(secret as never, headers, JSON.parse(body))).toThrow(/parsed|payload|raw/i);
    });

    it('take ours and no other, in Express, and answer the others 401', async () => {
      const { receiver } = (await import(join(folder, 'receiver.mjs'))) as {
        receiver: (secret: string, handle: (...args: unknown[]) => void) => RequestListener;
      };
      const handled: unknown[] = [];
      const { shop, close } = await listening(receiver(secret, (id) => handled.push(id)));
      expect((await shop.post('/countersign', body, { headers })).status).toBe(204);
      expect((await shop.post('/countersign', body, { headers: forged })).status).toBe(401);
      expect((await shop.post('/countersign', body)).status).toBe(401);
      expect(handled).toEqual([headers['webhook-id']]);
      await close();
    });

    // Needs Python.
    it.skipIf(PYTHON === undefined)('take ours and no other, in Python', async () => {
      const verify = (given: object): ReturnType<typeof run> =>
        run(
          PYTHON ?? '',
          [
            '-c',
            `import json, sys\nfrom by_hand import verified\nprint(json.dumps(verified(${JSON.stringify(secret)}, ${JSON.stringify(given)}, sys.stdin.buffer.read())))`,
          ],
          { cwd: folder, input: body },
        );
      expect(JSON.parse((await verify(headers)).output)).toEqual(JSON.parse(body));
      for (const wrong of [forged, old]) expect((await verify(wrong)).code).not.toBe(0);
    });

    it('take ours and no other, in a shell', async () => {
      const verify = (given: typeof headers): ReturnType<typeof run> =>
        run(
          'bash',
          [
            // Else bash takes a socket for a remote login, and reads what its user starts shells with.
            '--norc',
            '-c',
            '. ./by-hand.sh; verified "$@"',
            'verify',
            secret,
            given['webhook-id'],
            given['webhook-timestamp'],
            given['webhook-signature'],
          ],
          { cwd: folder, input: body },
        );
      expect(await verify(headers)).toEqual({ code: 0, output: '' });
      for (const wrong of [forged, old]) expect((await verify(wrong)).code).not.toBe(0);
    });
  });
});
