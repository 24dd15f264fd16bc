import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setPolicy } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { answer, beginStepUp, wrongCode } from '../factories/factors.js';
import { HAS_REDIS } from '../factories/pair.js';
import {
  beginLogin,
  logIn,
  type Person,
  type PersonWithTotp,
  register,
  registerWithTotp,
} from '../factories/people.js';
import { eventually } from '../factories/process.js';
import { enrolServedUser, makeServer, type ServedUser, type Server } from '../factories/servers.js';
import { sql } from '../factories/sql.js';
import { roundTripsOf } from '../factories/round-trips.js';

const REDIS_TWICE = HAS_REDIS ? ['evalsha', 'evalsha'] : [];
const REDIS_ONCE = HAS_REDIS ? ['evalsha'] : [];

describe('round trips', () => {
  let world: TestApp;
  let person: PersonWithTotp;
  beforeAll(async () => {
    world = await startTestApp();
    person = await registerWithTotp(world);
    // Once before it is counted, so that Redis has learnt its scripts.
    await logIn(world, person);
  });
  // An instance remembers an application for five seconds; the tests move the clock on by more.
  beforeEach(() => world.client.get('/v1/me', { token: person.accessToken }));
  afterAll(() => world.stop());

  it("a login's verification costs one SELECT and one transaction of two statements; two in Redis", async () => {
    const challenge = await beginLogin(world, person);
    const { result, statements, commands } = await roundTripsOf(() =>
      answer(world, challenge, { code: person.code() }),
    );
    world.clock.advance(30_000);
    expect(result.status).toBe(200);
    expect(statements).toEqual([
      'SELECT',
      expect.stringMatching(/^(BEGIN|START)$/),
      'WITH',
      'WITH',
      'COMMIT',
    ]);
    expect(commands).toEqual(REDIS_TWICE);
  });

  it('a backup code costs no more', async () => {
    const challenge = await beginLogin(world, person);
    const { result, statements, commands } = await roundTripsOf(() =>
      answer(world, challenge, { code: person.backupCodes[0] }),
    );
    expect(result.status).toBe(200);
    expect(statements).toHaveLength(5);
    expect(commands).toEqual(REDIS_TWICE);
  });

  it("a step-up's verification costs no more", async () => {
    const challenge = await beginStepUp(world, person.accessToken);
    const { result, statements, commands } = await roundTripsOf(() =>
      answer(world, challenge, { code: person.code() }),
    );
    world.clock.advance(30_000);
    expect(result.status).toBe(200);
    expect(statements).toEqual([
      'SELECT',
      expect.stringMatching(/^(BEGIN|START)$/),
      'WITH',
      'WITH',
      'COMMIT',
    ]);
    expect(commands).toEqual(REDIS_TWICE);
  });

  it('a rejected answer costs one SELECT and one statement; two in Redis', async () => {
    const challenge = await beginLogin(world, person);
    const { result, statements, commands } = await roundTripsOf(() =>
      answer(world, challenge, { code: wrongCode(person) }),
    );
    expect(result.status).toBe(422);
    expect(statements).toEqual(['SELECT', 'WITH']);
    expect(commands).toEqual(REDIS_TWICE);
  });

  it('an answer that no try is left for costs PostgreSQL nothing', async () => {
    const challenge = await beginLogin(world, person);
    const code = wrongCode(person);
    for (let tries = 0; tries < 5; tries += 1) await answer(world, challenge, { code });
    const { result, statements, commands } = await roundTripsOf(() => answer(world, challenge, { code }));
    expect(result.status).toBe(410);
    expect(statements).toEqual([]);
    expect(commands).toEqual(REDIS_TWICE);
  });

  it('the first step of a login costs two SELECTs', async () => {
    const { statements } = await roundTripsOf(() => beginLogin(world, person));
    expect(statements).toEqual(['SELECT', 'SELECT']);
  });

  it('reading the own account costs one SELECT; one in Redis', async () => {
    const token = person.accessToken;
    const { result, statements, commands } = await roundTripsOf(() => world.client.get('/v1/me', { token }));
    expect(result.status).toBe(200);
    expect(statements).toEqual(['SELECT']);
    expect(commands).toEqual(REDIS_ONCE);
  });
});

describe("a server's round trips", () => {
  let world: TestApp;
  let server: Server;
  let user: ServedUser;
  beforeAll(async () => {
    world = await startTestApp();
    server = await makeServer(world);
    user = await enrolServedUser(world, server);
    await server.post(`/v1/users/${user.externalId}/verify`, { code: user.code() });
    world.clock.advance(30_000);
    // The key's use is noted now, and so not while it is counted.
    await server.get('/v1/factor-types');
    await eventually(async () => {
      const [row] = await sql<{ at: Date }>(world.databaseUrl, 'SELECT last_used_at AS at FROM api_keys');
      return row?.at.getTime() === world.clock.now().getTime();
    });
  });
  afterAll(() => world.stop());

  it('a verification in one call costs one SELECT, one statement that commits, two in Redis', async () => {
    const { result, statements, commands } = await roundTripsOf(() =>
      server.post(`/v1/users/${user.externalId}/verify`, { code: user.code() }),
    );
    expect(result.status).toBe(200);
    expect(statements).toEqual(['SELECT', 'WITH']);
    expect(commands).toEqual(REDIS_TWICE);
  });

  it('an API key is checked without one: only its limit is counted', async () => {
    const { result, statements, commands } = await roundTripsOf(() => server.get('/v1/factor-types'));
    expect(result.status).toBe(200);
    expect(statements).toEqual([]);
    expect(commands).toEqual(REDIS_ONCE);
  });
});

describe('what tells no stranger who has an account costs the same for those who have none:', () => {
  let world: TestApp;
  let person: Person;
  let other: Person;
  beforeAll(async () => {
    world = await startTestApp({ env: { RATE_LIMIT_MAIL: '3/1h' } });
    person = await register(world);
    other = await register(world);
    // Once before it is counted, so that Redis has learnt its scripts.
    await forget(nobody());
  });
  afterAll(() => world.stop());

  const password = 'plum quartz 77 lantern';
  const nobody = (): string => `nobody-${randomUUID()}@example.com`;
  const forget = (email: string): Promise<Answer> => world.client.post('/v1/auth/password/forgot', { email });
  const registered = (email: string): Promise<Answer> =>
    world.client.post('/v1/auth/register', { email, password });

  async function compare(ask: (email: string) => Promise<Answer>, status: number): Promise<void> {
    const known = await roundTripsOf(() => ask(person.email));
    const unknown = await roundTripsOf(() => ask(nobody()));
    expect([known.result.status, unknown.result.status]).toEqual([status, status]);
    expect(unknown.statements).toEqual(known.statements);
    expect(unknown.commands).toEqual(known.commands);
  }

  it('forgotten passwords', () => compare(forget, 202));

  it('forgotten passwords past the limit of mails', async () => {
    const stranger = nobody();
    for (const email of [person.email, stranger]) {
      for (let mail = 0; mail < 3; mail += 1) await forget(email);
    }
    const known = await roundTripsOf(() => forget(person.email));
    const unknown = await roundTripsOf(() => forget(stranger));
    expect(unknown.statements).toEqual(known.statements);
    expect(unknown.commands).toEqual(known.commands);
  });

  it('logins', () => compare((email) => world.client.post('/v1/auth/login', { email, password }), 401));

  it('changes of an address', () =>
    compare((email) => world.client.patch('/v1/me', { email }, { token: other.accessToken }), 202));

  it('registrations, where policy demands a verified address', async () => {
    await setPolicy(world, { requireVerifiedEmail: true });
    // The application is read again, once.
    await registered(nobody());
    // Past the limit of mails for the known address, within it for the other.
    await compare(registered, 202);
    // Within it for both: the known one waits beside an account that is not verified.
    const waiting = await roundTripsOf(() => registered(other.email));
    const first = await roundTripsOf(() => registered(nobody()));
    expect(waiting.result.body).toEqual(first.result.body);
    expect(waiting.statements).toEqual(first.statements);
    expect(waiting.commands).toEqual(first.commands);
  });
});
