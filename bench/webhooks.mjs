// P9: what one worker delivers to a local receiver, and how long an event waits when there is nothing else to do.
//
//   npm run build && DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres node bench/webhooks.mjs [events]
import { fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { medianOf } from './lib/rounds.mjs';

const EVENTS = Number(process.argv[2] ?? 10_000);
const SINGLE = 50;
const ENTRY = join(import.meta.dirname, '../dist/apps/api/src/main.js');
const BASE = process.env.DATABASE_URL;
if (BASE === undefined) throw new Error('Set DATABASE_URL to a server where a database can be made.');

const name = `countersign_bench_${randomBytes(4).toString('hex')}`;
const admin = new pg.Client({ connectionString: BASE });
await admin.connect();
await admin.query(`CREATE DATABASE ${name}`);
const url = new URL(BASE);
url.pathname = `/${name}`;
const receiver = fork(join(import.meta.dirname, 'lib/receiver.mjs'));
const [{ port }] = await once(receiver, 'message');
const service = await startService();
try {
  await measure();
} finally {
  service.process.kill();
  await once(service.process, 'exit');
  receiver.kill();
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.end();
}

async function measure() {
  const db = new pg.Client({ connectionString: url.href });
  await db.connect();
  await call('/v1/webhooks', { url: `http://127.0.0.1:${port}/`, events: ['*'] }, await logIn());
  const { rows } = await db.query(`SELECT id FROM applications WHERE slug = 'default'`);
  const application = rows[0].id;
  await pause(2_000);

  const waits = [];
  for (let turn = 0; turn < SINGLE; turn += 1) {
    receiver.send('await');
    await append(db, application, 1);
    const committed = performance.now();
    await once(receiver, 'message');
    waits.push(performance.now() - committed);
    await pause(50 + (turn % 10) * 7);
  }

  const before = await received();
  const begun = performance.now();
  for (let written = 0; written < EVENTS; written += 1_000) await append(db, application, 1_000);
  while ((await received()) - before < EVENTS) await pause(20);
  const seconds = (performance.now() - begun) / 1_000;
  await pause(1_000);
  const settled = await db.query(
    `SELECT status, max(attempt) AS attempts, count(*)::integer AS count FROM webhook_deliveries GROUP BY status`,
  );
  await db.end();
  const sorted = waits.toSorted((a, b) => a - b);
  console.log(
    `deliveries per second  ${Math.round(EVENTS / seconds)} (${EVENTS} in ${seconds.toFixed(1)} s)`,
  );
  console.log(
    `commit to receipt      p50 ${medianOf(waits).toFixed(1)} ms, max ${sorted.at(-1).toFixed(1)} ms (idle)`,
  );
  console.log(`in the log             ${JSON.stringify(settled.rows)}`);
}

async function startService() {
  const servicePort = await freePort();
  const child = spawn(process.execPath, [ENTRY], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      ROLE: 'all',
      PORT: String(servicePort),
      DATABASE_URL: url.href,
      MASTER_KEY: randomBytes(32).toString('base64'),
      BOOTSTRAP_ADMIN_EMAIL: 'bench@example.com',
      BOOTSTRAP_ADMIN_PASSWORD: 'correct horse battery staple bench',
      WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8',
      LOG_LEVEL: 'warn',
    },
  });
  const at = `http://127.0.0.1:${servicePort}`;
  for (let tries = 0; tries < 600; tries += 1) {
    const ready = await fetch(`${at}/health/ready`).catch(() => undefined);
    if (ready?.ok) return { process: child, at };
    await pause(50);
  }
  throw new Error('the service does not start');
}

async function logIn() {
  const account = { email: 'bench@example.com', password: 'correct horse battery staple bench' };
  return (await call('/v1/auth/login', account)).accessToken;
}

async function call(path, body, token) {
  const response = await fetch(`${service.at}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status} ${await response.text()}`);
  return response.json();
}

async function append(db, application, count) {
  await db.query(
    `INSERT INTO events (id, at, application_id, type, actor_type, data)
     SELECT gen_random_uuid(), date_trunc('milliseconds', now()), $1, 'application.updated', 'system', '{}'
       FROM generate_series(1, $2)`,
    [application, count],
  );
}

async function received() {
  receiver.send('count');
  const [{ count }] = await once(receiver, 'message');
  return count;
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address();
  probe.close();
  return free;
}
