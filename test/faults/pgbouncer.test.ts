import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database, statement, type Tx } from '@countersign/core';
import pg from 'pg';
import { migrations } from '../../migrations/index.js';
import { passwordLogin } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { emptyDatabase } from '../factories/database.js';
import { hasPgBouncer, ownPgBouncer } from '../factories/dependencies.js';
import { mailedToken } from '../factories/mails.js';
import { atOnce, tally } from '../factories/pair.js';
import { beginLogin, type PersonWithTotp, register, registerWithTotp } from '../factories/people.js';
import { eventually } from '../factories/process.js';
import { type Receiver, startReceiver } from '../factories/receivers.js';
import { enrolServedUser, makeServer } from '../factories/servers.js';
import { sql } from '../factories/sql.js';

if (!hasPgBouncer) {
  process.stdout.write('There is no pgbouncer: apt-get install pgbouncer (its tests are skipped)\n');
}

// Skipped where there is no PgBouncer; CI installs one and cannot pass without.
describe.skipIf(!hasPgBouncer && process.env['CI'] === undefined).each([
  { prepared: 'true', when: 'where nobody has said that it keeps no prepared statements' },
  { prepared: 'false', when: 'with DATABASE_PREPARED=false' },
])('behind PgBouncer in transaction mode, $when', { timeout: 60_000 }, ({ prepared }) => {
  let pooler: Awaited<ReturnType<typeof ownPgBouncer>>;
  let databaseUrl: string;
  let worlds: readonly [TestApp, TestApp];
  let receiver: Receiver;
  beforeAll(async () => {
    pooler = await ownPgBouncer(4);
    databaseUrl = await emptyDatabase();
    const through = pooler.through(databaseUrl);
    await Promise.all([Database.migrate(through, migrations), Database.migrate(through, migrations)]);
    receiver = await startReceiver();
    const shared = { databaseUrl: through, masterKey: randomBytes(32).toString('base64') };
    const env = {
      ROLE: 'all',
      DATABASE_PREPARED: prepared,
      WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8',
    };
    const first = await startTestApp({ ...shared, env });
    worlds = [first, await startTestApp({ ...shared, env, clock: first.clock })];
  });
  afterAll(async () => {
    await Promise.all(worlds.map((world) => world.stop()));
    await receiver.stop();
    await pooler.remove();
  });

  const world = (turn: number): TestApp => worlds[turn % 2 === 0 ? 0 : 1];

  it('queries that are on their way at the first lost statement are all answered', async () => {
    const database = await Database.open({
      url: pooler.through(databaseUrl),
      poolMax: 40,
      prepared: prepared === 'true',
      entities: [],
    });
    try {
      const asked = statement('asked-at-once', 'SELECT $1::integer AS number, pg_sleep(0.001)');
      const ask = (on: Tx, number: number): Promise<readonly { readonly number: number }[]> =>
        on.query<{ number: number }>(asked, [number]);
      const answers = await atOnce(160, (turn) =>
        turn % 4 === 0 ? database.transaction((tx) => ask(tx, turn)) : ask(database.direct, turn),
      );
      expect(answers.map(([row]) => row?.number)).toEqual(Array.from({ length: 160 }, (_, turn) => turn));
    } finally {
      await database.close();
    }
  });

  it("the role has PostgreSQL's time limits, though PgBouncer lets no connection ask for them", async () => {
    const limits = await sql(
      databaseUrl,
      `SELECT name, setting FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout') ORDER BY name`,
    );
    expect(limits).toEqual([
      { name: 'lock_timeout', setting: '2000' },
      { name: 'statement_timeout', setting: '5000' },
    ]);
  });

  it('a lock that somebody holds costs a bounded 503, of which nothing is left', async () => {
    const { refreshToken } = await register(worlds[0]);
    const holder = new pg.Client({ connectionString: databaseUrl, application_name: 'holder' });
    await holder.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE sessions');
      const refused = await worlds[0].client.post('/v1/auth/refresh', { refreshToken });
      expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
      await eventually(async () => {
        const waiting = await sql(databaseUrl, `SELECT FROM pg_locks WHERE NOT granted`);
        return waiting.length === 0;
      });
    } finally {
      await holder.end();
    }
    expect((await worlds[0].client.post('/v1/auth/refresh', { refreshToken })).status).toBe(200);
  });

  it('many register, log in and refresh at once, on more connections than it has', async () => {
    const people = await atOnce(24, (turn) => register(world(turn)));
    const logins = await atOnce(24, (turn) => passwordLogin(world(turn + 1), people[turn] ?? fail()));
    expect(tally(logins)).toEqual({ 200: 24 });
    const refreshed = await atOnce(24, (turn) =>
      world(turn).client.post('/v1/auth/refresh', { refreshToken: people[turn]?.refreshToken }),
    );
    expect(tally(refreshed)).toEqual({ 200: 24 });
  });

  it('an answer is spent once, and changes of factors take turns', async () => {
    const person: PersonWithTotp = await registerWithTotp(worlds[0]);
    const challenges = await atOnce(8, (turn) => beginLogin(world(turn), person));
    const code = person.code();
    const answers = await atOnce(8, (turn) =>
      world(turn).client.post(
        `/v1/challenges/${challenges[turn]?.id ?? ''}/verify`,
        { code },
        { token: challenges[turn]?.tempToken ?? '' },
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.every(({ status }) => status < 500)).toBe(true);
  });

  it('keys, events, webhooks, jobs and mails work', async () => {
    const server = await makeServer(worlds[0]);
    await server.post('/v1/webhooks', { url: receiver.url, events: ['two_factor.enabled'] });
    const user = await enrolServedUser(worlds[0], server);
    await eventually(() => receiver.messages.some(({ body }) => body.includes(user.externalId)));
    const { body } = await server.get('/v1/events?type=two_factor.enabled&limit=1');
    expect(body.data).toHaveLength(1);
    const person = await register(worlds[1]);
    // Whichever worker sent it has it in its mailbox.
    const token = await Promise.any(worlds.map((each) => mailedToken(each, person.email, 'verify-email')));
    expect(
      (await worlds[0].client.post('/v1/auth/email/verify', { token, password: person.password })).status,
    ).toBe(204);
  });

  it('no connection of its own is left with a lock or a transaction', async () => {
    await eventually(async () => {
      const held = await sql(
        databaseUrl,
        `SELECT pid FROM pg_locks WHERE locktype = 'advisory'
          UNION ALL SELECT pid FROM pg_stat_activity
          WHERE datname = current_database() AND state = 'idle in transaction'`,
      );
      return held.length === 0;
    });
  });
});

function fail(): never {
  throw new Error('nobody is there');
}
