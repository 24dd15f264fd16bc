import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as OTPAuth from 'otpauth';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ContractDocument } from '../../contract/contract-document.js';
import type { TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { type Pair, startPair } from '../../factories/pair.js';
import { register } from '../../factories/people.js';
import { makeAdministrator, makeServer, type Server } from '../../factories/servers.js';
import { type Draft, callerOf, drafts } from './requests.js';

const contract = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../docs/openapi.json'), 'utf8'),
) as ContractDocument;

/** The same requests in each run of the suite; `FUZZ_SEED` and `FUZZ_REQUESTS` look further. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 5_000);
const CONCURRENT_REQUESTS = 12;

/** Of the clock's steps of 30 seconds. */
const REQUESTS_PER_STEP = 40;

/** Few, so that requests meet on the same user. */
const USERS = ['fuzz-0', 'fuzz-1', 'fuzz-2', 'fuzz-3'];

let pair: Pair;
let world: TestApp;
let server: Server;
let administrator: string | undefined;
let person: string | undefined;
/** Authenticator apps that answers have shown; the newest are at the end. */
const apps: OTPAuth.TOTP[] = [];
let sentRequests = 0;
/** Ids that answers have shown, by their prefix; the newest are at the end. */
const ids = new Map<string, string[]>();

beforeAll(async () => {
  pair = await startPair({ WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' });
  ({ world } = pair);
  const rateLimit = { limit: 1_000_000, windowSeconds: 60 };
  server = await makeServer(world, { rateLimit });
});

afterAll(() => pair.stop());

it(
  'no request is answered 5xx, whatever it holds and whatever it meets',
  { timeout: 120_000 + REQUESTS * 30 },
  async () => {
    const failures: string[] = [];
    const statuses = new Map<number, number>();
    const queue = fc.sample(drafts(contract), { numRuns: REQUESTS, seed: SEED });
    const caller = async (): Promise<void> => {
      for (let draft = queue.pop(); draft !== undefined; draft = queue.pop()) {
        const { answer, sent } = await send(draft);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        if (answer.status >= 500) failures.push(`${answer.status} ${sent} ${JSON.stringify(answer.body)}`);
        else noteIds(answer);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_REQUESTS }, caller));

    expect(failures.slice(0, 20), `${failures.length} failures; FUZZ_SEED=${SEED} repeats this`).toEqual([]);
    // Else the requests have become too strange to say anything.
    const successes = [...statuses].reduce((sum, [status, count]) => (status < 300 ? sum + count : sum), 0);
    expect(successes / REQUESTS).toBeGreaterThan(0.15);
    expect(await reachable()).toBe(true);
  },
);

async function send(draft: Draft): Promise<{ answer: Answer; sent: string }> {
  const { route, idempotencyKey } = draft;
  sentRequests += 1;
  // So that codes follow one another.
  if (sentRequests % REQUESTS_PER_STEP === 0) world.clock.advance(30_000);
  const body = withMeaning(draft);
  const path = `${pathOf(draft)}${draft.query}`;
  const headers: Record<string, string> = {
    ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const caller = callerOf(route);
  if (caller === 'server') headers['x-api-key'] = server.key;
  if (caller === 'person') headers['authorization'] = `Bearer ${await personToken()}`;
  if (caller === 'administrator') headers['authorization'] = `Bearer ${await administratorToken()}`;
  const answer = await pair.client(sentRequests).send(route.method, path, { body, headers });
  if (caller === 'person' && answer.status === 401) person = undefined;
  if (caller === 'administrator' && answer.status === 401) administrator = undefined;
  await activate(path, answer, headers);
  return { answer, sent: `${route.method} ${path} ${body ?? ''}` };
}

/** Brings every other authenticator app to life, so that there are factors to prove. */
async function activate(path: string, answer: Answer, headers: Record<string, string>): Promise<void> {
  if (answer.status !== 201 || typeof answer.body?.otpauthUri !== 'string') return;
  const app = OTPAuth.URI.parse(answer.body.otpauthUri as string);
  if (!(app instanceof OTPAuth.TOTP) || sentRequests % 2 === 0) return;
  apps.push(app);
  const activation = await world.client.post(
    `${path}/${answer.body.id}/activate`,
    { code: codeOf(app) },
    { headers },
  );
  expect(activation.status).toBeLessThan(500);
}

/** A request may end the account or the session that it is sent with. */
async function personToken(): Promise<string> {
  person ??= (await register(world)).accessToken;
  return person;
}

async function administratorToken(): Promise<string> {
  administrator ??= (await makeAdministrator(world)).token;
  return administrator;
}

/** What the contract cannot know: users that are there and, half of the time, right codes of a known app. */
function withMeaning({ route, body, picks: [chance = 0, which = 0, third = 0] }: Draft): string | undefined {
  if (body === undefined) return undefined;
  const user = USERS[Math.floor(third * USERS.length)] ?? 'fuzz-0';
  let text = body;
  if (route.path === '/v1/challenges') text = text.replace(/"user":"[^"]*"/, `"user":"${user}"`);
  // Else most users are suspended most of the time.
  if (chance < 0.8) text = text.replace('"status":"suspended"', '"status":"active"');
  const recent = apps.slice(-6);
  const app = recent[Math.floor(which * recent.length)];
  if (app === undefined || chance < 0.5) return text;
  return text.replace(/"code":"[^"]*"/, `"code":"${codeOf(app)}"`);
}

function codeOf(app: OTPAuth.TOTP): string {
  return app.generate({ timestamp: world.clock.now().getTime() });
}

function pathOf({ route, picks, strangeId }: Draft): string {
  let turn = 0;
  return route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const pick = picks[turn++] ?? 0;
    if (strangeId !== undefined && turn === 1) return strangeId;
    if (name === 'user') return USERS[Math.floor(pick * USERS.length)] ?? 'fuzz-0';
    const seen = ids.get(prefixFor(route.path, name)) ?? [];
    // The newest are the likeliest to be alive.
    const recent = seen.slice(-12);
    return recent[Math.floor(pick * recent.length)] ?? 'fac_01jdc0m6bye5ts0kc28f7q9v3m';
  });
}

function prefixFor(path: string, parameter: string): string {
  if (parameter === 'deliveryId') return 'dlv';
  if (path.includes('/factors/')) return 'fac';
  if (path.includes('/devices/')) return 'dev';
  if (path.includes('/sessions/')) return 'ses';
  if (path.startsWith('/v1/challenges')) return 'chl';
  if (path.startsWith('/v1/api-keys')) return 'key';
  if (path.startsWith('/v1/webhooks')) return 'whk';
  return 'app';
}

function noteIds(answer: Answer): void {
  if (answer.status >= 300 || answer.body === undefined) return;
  for (const [id, prefix] of JSON.stringify(answer.body).matchAll(
    /\b(app|fac|chl|dev|ses|key|whk|dlv)_[0-7][0-9a-hjkmnp-tv-z]{25}\b/g,
  )) {
    // What the run itself stands on is left alone.
    if (id === server.keyId || prefix === undefined || (prefix === 'app' && answer.body.slug === undefined))
      continue;
    if (answer.body.slug === 'default') continue;
    const seen = ids.get(prefix) ?? [];
    if (!seen.includes(id)) ids.set(prefix, [...seen, id].slice(-40));
  }
}

async function reachable(): Promise<boolean> {
  return (await server.get('/v1/factor-types')).status === 200;
}
