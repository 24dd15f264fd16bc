import { randomBytes } from 'node:crypto';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabase } from '../factories/database.js';
import { tally } from '../factories/pair.js';
import { eventually, isAlive, type ProductProcess, startProcess } from '../factories/process.js';
import { sendRaw } from '../factories/raw-http.js';
import { startMailServer } from '../factories/smtp.js';
import { sql } from '../factories/sql.js';
import { WIDE_LIMITS } from '../factories/traffic.js';

const newAddress = (): string => `${randomBytes(6).toString('hex')}@example.com`;
const newPassword = (): string => `a long ${randomBytes(6).toString('hex')} phrase`;

describe('SIGTERM', () => {
  let product: ProductProcess;
  let port: number;
  let databaseUrl: string;
  const agents: Agent[] = [];

  beforeEach(async () => {
    databaseUrl = await freshDatabase();
    const env = {
      NODE_ENV: 'test',
      DATABASE_URL: databaseUrl,
      MASTER_KEY: randomBytes(32).toString('base64'),
      LOG_LEVEL: 'error',
      ...WIDE_LIMITS,
    };
    product = await (await startProcess({ env })).ready();
    port = Number(new URL(product.client.baseUrl).port);
  });
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy();
    if (isAlive(product.pid)) await product.stop('SIGKILL');
  });

  const keepAliveAgent = (): Agent => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    return agent;
  };
  const registration = () =>
    product.client.post('/v1/auth/register', { email: newAddress(), password: newPassword() });

  it('answers every request under way, refuses new connections and tells balancers on open ones', async () => {
    const kept = keepAliveAgent();
    expect((await request(port, '/health/ready', kept)).status).toBe(200);
    const readiness = lastReadiness(port, kept);
    const underWay = Array.from({ length: 40 }, registration);
    await Promise.race(underWay);
    const ended = product.stop();
    await eventually(async () => (await connectionFate(port)) === 'ECONNREFUSED');
    expect(await readiness).toMatchObject({ status: 503 });

    const answers = await Promise.all(underWay);
    expect(answers.map(({ status }) => status)).toEqual(underWay.map(() => 201));
    expect(await ended).toMatchObject({ code: 0, signal: null });
  });

  it('drops no request of clients that keep their connections busy', async () => {
    const clients = Array.from({ length: 8 }, () => askUntilRefused(port, keepAliveAgent()));
    await Promise.all(clients.map(({ answered }) => answered));
    const ended = product.stop();
    const fates = await Promise.all(clients.map(({ fate }) => fate));
    expect(fates).toEqual(clients.map(() => 'ECONNREFUSED'));
    expect(await ended).toMatchObject({ code: 0 });
  });

  it('answers all that a client has sent ahead on one connection', async () => {
    const ahead = sendRaw(
      product.client.baseUrl,
      Array.from({ length: 8 }, () => {
        const body = JSON.stringify({ email: newAddress(), password: newPassword() });
        return `POST /v1/auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      }).join(''),
    );
    await eventually(async () => (await sql(databaseUrl, 'SELECT id FROM users')).length > 0);
    const ended = product.stop();
    expect(await ahead).toMatchObject({ status: 201, answers: 8 });
    expect(await ended).toMatchObject({ code: 0 });
  });

  it('is not held up by connections that are only kept open', async () => {
    await request(port, '/health/live', keepAliveAgent());
    const silent = connect(port, '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    silent.on('error', () => undefined);
    const before = performance.now();
    expect(await product.stop()).toMatchObject({ code: 0 });
    // The next thing that would end them is a keep-alive time of more than a minute, or the forced end at 25 s.
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

describe('SIGTERM while mails are on their way', () => {
  it(
    'loses none of them: each is handed over, or sent by the next process',
    { timeout: 60_000 },
    async () => {
      const password = 'plum quartz 77 lantern';
      // So slow that the signal comes between the first mail and the last.
      const mail = await startMailServer({ onMailFrom: (_address, _session, done) => setTimeout(done, 200) });
      const env = {
        NODE_ENV: 'test',
        DATABASE_URL: await freshDatabase(),
        MASTER_KEY: randomBytes(32).toString('base64'),
        LOG_LEVEL: 'error',
        ...mail.env,
        ...WIDE_LIMITS,
      };
      const first = await (await startProcess({ env })).ready();
      const addresses = Array.from({ length: 30 }, () => `${randomBytes(6).toString('hex')}@example.com`);
      const registered = await Promise.all(
        addresses.map((email) => first.client.post('/v1/auth/register', { email, password })),
      );
      expect(tally(registered)).toEqual({ 201: addresses.length });
      await eventually(() => mail.taken.length > 0);
      expect(await first.stop()).toMatchObject({ code: 0, signal: null });

      const second = await (await startProcess({ env })).ready();
      try {
        for (const address of addresses) {
          const { text = '' } = await mail.mailTo(address);
          const token = /^(vfy_[\w-]+)$/m.exec(text)?.[1];
          const verified = await second.client.post('/v1/auth/email/verify', { token, password });
          expect(verified.status).toBe(204);
        }
      } finally {
        await second.stop();
        await mail.stop();
      }
    },
  );
});

interface Reply {
  readonly status: number | undefined;
  readonly connection: string | undefined;
}

function request(port: number, path: string, agent: Agent): Promise<Reply> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, agent }, (response: IncomingMessage) => {
      response
        .resume()
        .on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }));
    }).on('error', reject);
  });
}

/** Asks for readiness on one kept connection until an answer says that it was the last on it. */
async function lastReadiness(port: number, agent: Agent): Promise<Reply> {
  for (;;) {
    const reply = await request(port, '/health/ready', agent);
    if (reply.connection === 'close') return reply;
  }
}

/** Asks again and again on one kept connection; `fate` is the code of the error that ends it. */
function askUntilRefused(port: number, agent: Agent): { answered: Promise<unknown>; fate: Promise<string> } {
  const answered = request(port, '/health/live', agent);
  const ask = async (): Promise<string> => {
    try {
      await answered;
      for (;;) await request(port, '/.well-known/jwks.json', agent);
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    }
  };
  return { answered, fate: ask() };
}

function connectionFate(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
