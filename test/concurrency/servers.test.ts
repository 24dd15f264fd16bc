import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTRACT_LIMITS } from '../factories/app.js';
import { wrongCode } from '../factories/factors.js';
import { atOnce, HAS_REDIS, type Pair, startPair, tally } from '../factories/pair.js';
import { enrolServedUser, makeServer, newExternalId, type Server, serverOf } from '../factories/servers.js';
import { sql } from '../factories/sql.js';

// Two instances need a Redis between them.
describe.skipIf(!HAS_REDIS)('a server that asks two instances', () => {
  let pair: Pair;
  let servers: readonly Server[];
  beforeAll(async () => {
    pair = await startPair({ RATE_LIMIT_VERIFY: CONTRACT_LIMITS.RATE_LIMIT_VERIFY });
    const rateLimit = { limit: 100_000, windowSeconds: 60 };
    const server = await makeServer(pair.world, { rateLimit });
    servers = [0, 1].map((turn) => serverOf(pair.client(turn), server.key));
  });
  afterAll(() => pair.stop());

  const server = (turn: number): Server => {
    const one = servers[turn % 2];
    if (one === undefined) throw new Error('there are two');
    return one;
  };

  it('has one right code accepted once, in one call and over challenges, at the same moment', async () => {
    const user = await enrolServedUser(pair.world, server(0));
    const asked = { user: user.externalId };
    const challenges = await atOnce(4, (turn) => server(turn).post('/v1/challenges', asked));
    const code = user.code();
    const answers = await atOnce(8, (turn) => {
      const challenge = challenges[turn]?.body.id as string | undefined;
      return challenge === undefined
        ? server(turn).post(`/v1/users/${user.externalId}/verify`, { code })
        : server(turn).post(`/v1/challenges/${challenge}/verify`, { ...asked, code });
    });
    expect(tally(answers)).toEqual({ 200: 1, 422: 7 });
    pair.world.clock.advance(30_000);
  });

  it('has ten answers of a user looked at in 15 minutes, whichever way they come', async () => {
    const user = await enrolServedUser(pair.world, server(0));
    const asked = { user: user.externalId };
    const challenges = await atOnce(3, (turn) => server(turn).post('/v1/challenges', asked));
    const code = wrongCode(user);
    const answers = await atOnce(24, (turn) => {
      const challenge = turn < 9 ? (challenges[turn % 3]?.body.id as string) : undefined;
      return challenge === undefined
        ? server(turn).post(`/v1/users/${user.externalId}/verify`, { code })
        : server(turn).post(`/v1/challenges/${challenge}/verify`, { ...asked, code });
    });
    // One of the ten was the activation's.
    expect(tally(answers)).toEqual({ 422: 9, 429: 15 });
    const right = await server(0).post(`/v1/users/${user.externalId}/verify`, { code: user.code() });
    expect(right.status).toBe(429);
    const [row] = await sql<{ failures: number }>(
      pair.world.databaseUrl,
      'SELECT failures FROM factors JOIN users ON users.id = user_id WHERE external_id = $1 AND type = $2',
      [user.externalId, 'totp'],
    );
    expect(row?.failures).toBe(9);
  });

  it('makes one user of a newcomer, however many come for the same at once', async () => {
    const externalId = newExternalId();
    const answers = await atOnce(10, (turn) =>
      turn % 3 === 0
        ? server(turn).put(`/v1/users/${externalId}`, { displayName: 'Jo' })
        : server(turn).post(`/v1/users/${externalId}/factors`, { type: 'totp' }),
    );
    expect(answers.filter(({ status }) => status >= 300)).toEqual([]);
    const events = await sql(pair.world.databaseUrl, `SELECT id FROM events WHERE type = 'user.created'`);
    const users = await sql(pair.world.databaseUrl, 'SELECT id FROM users WHERE external_id = $1', [
      externalId,
    ]);
    expect(users).toHaveLength(1);
    expect(events.length).toBe((await sql(pair.world.databaseUrl, 'SELECT id FROM users')).length);
  });
});
