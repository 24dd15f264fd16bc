import { publicId, SYSTEM_ORIGIN } from '@countersign/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GroupCommit, type SpentStep } from '../../libs/factors/src/settlement/group-commit.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { atOnce, HAS_REDIS, type Pair, startPair, tally } from '../factories/pair.js';
import { enrolServedUser, makeServer, type ServedUser, type Server, serverOf } from '../factories/servers.js';
import { eventsOf, sql, uuidOf } from '../factories/sql.js';

const WIDE = { rateLimit: { limit: 100_000, windowSeconds: 60 } };

async function enrolled(world: TestApp, server: Server, count: number): Promise<ServedUser[]> {
  const users: ServedUser[] = [];
  for (let made = 0; made < count; made += 1) users.push(await enrolServedUser(world, server));
  return users;
}

describe('answers that are committed together', () => {
  let world: TestApp;
  let server: Server;
  beforeAll(async () => {
    world = await startTestApp();
    server = await makeServer(world, WIDE);
  });
  afterAll(() => world.stop());

  const verify = (user: ServedUser): Promise<Answer> =>
    server.post(`/v1/users/${user.externalId}/verify`, { code: user.code() });

  interface Row {
    readonly id: string;
    readonly userId: string;
    readonly applicationId: string;
    readonly externalId: string;
    readonly watermark: string;
    readonly failures: number;
    readonly secretVersion: number;
    readonly securityEpoch: number;
  }
  const rowsOf = (users: readonly ServedUser[]): Promise<Row[]> =>
    sql<Row>(
      world.databaseUrl,
      `SELECT factors.id, user_id AS "userId", factors.application_id AS "applicationId", external_id AS "externalId",
              watermark, failures, secret_version AS "secretVersion", users.security_epoch AS "securityEpoch"
         FROM factors JOIN users ON users.id = user_id
        WHERE factors.id = ANY ($1) ORDER BY factors.id`,
      [users.map(({ factorId }) => uuidOf(factorId))],
    );
  const stepOf = (row: Row, changed: Partial<SpentStep> = {}): SpentStep => ({
    factorId: row.id,
    secretVersion: row.secretVersion,
    securityEpoch: row.securityEpoch,
    step: BigInt(row.watermark) + 1n,
    event: {
      type: 'challenge.verified',
      applicationId: row.applicationId,
      userId: row.userId,
      origin: SYSTEM_ORIGIN,
      data: { factorId: publicId('fac', row.id) },
    },
    ...changed,
  });
  const spend = (steps: readonly SpentStep[]): Promise<string[]> => {
    const together = world.app.get(GroupCommit, { strict: false });
    return Promise.all(steps.map((step) => together.spend(step).catch(() => 'failed')));
  };
  const verifiedEvents = async (rows: readonly Row[]): Promise<number[]> =>
    Promise.all(
      rows.map(
        async ({ userId }) =>
          (await eventsOf(world.databaseUrl, publicId('usr', userId), 'challenge.verified')).length,
      ),
    );

  it('are each held against their own factor: what is stale is refused beside what is not', async () => {
    const users = await enrolled(world, server, 7);
    await sql(world.databaseUrl, `UPDATE factors SET failures = 3 WHERE id = ANY ($1)`, [
      users.map(({ factorId }) => uuidOf(factorId)),
    ]);
    const rows = await rowsOf(users);
    const [right, replayed, otherSecret, otherEpoch, locked, suspended, removed] = rows;
    if (!right || !replayed || !otherSecret || !otherEpoch || !locked || !suspended || !removed) {
      throw new Error('seven were enrolled');
    }
    await sql(world.databaseUrl, 'UPDATE factors SET locked_at = now() WHERE id = $1', [locked.id]);
    await sql(world.databaseUrl, `UPDATE users SET status = 'suspended' WHERE id = $1`, [suspended.userId]);
    await sql(world.databaseUrl, 'DELETE FROM factors WHERE id = $1', [removed.id]);
    const before = await verifiedEvents(rows);

    const outcomes = await spend([
      stepOf(replayed, { step: BigInt(replayed.watermark) }),
      stepOf(otherSecret, { secretVersion: otherSecret.secretVersion + 1 }),
      stepOf(otherEpoch, { securityEpoch: otherEpoch.securityEpoch + 1 }),
      stepOf(right),
      stepOf(locked),
      stepOf(suspended),
      stepOf(removed),
    ]);
    expect(outcomes).toEqual(['stale', 'stale', 'stale', 'settled', 'stale', 'stale', 'passed-over']);
    const after = await rowsOf(users);
    expect(after.map(({ watermark, failures }) => [watermark, failures])).toEqual(
      rows
        .slice(0, 6)
        .map((row) => (row === right ? [String(BigInt(row.watermark) + 1n), 0] : [row.watermark, 3])),
    );
    expect(await verifiedEvents(rows)).toEqual(before.map((count, at) => (at === 0 ? count + 1 : count)));
  });

  it('spend a step once, and none before it', async () => {
    const users = await enrolled(world, server, 1);
    const [row] = await rowsOf(users);
    if (row === undefined) throw new Error('one was enrolled');
    const later = stepOf(row, { step: BigInt(row.watermark) + 2n });
    const outcomes = await spend([later, later, stepOf(row), later]);
    expect(outcomes.filter((outcome) => outcome === 'settled')).toHaveLength(1);
    expect(outcomes).not.toContain('failed');
    const [after] = await rowsOf(users);
    expect(after?.watermark).toBe(String(later.step));
  });

  it('suffer from none among them that PostgreSQL refuses', async () => {
    const rows = await rowsOf(await enrolled(world, server, 3));
    const steps = rows.map((row, at) => {
      const step = stepOf(row);
      const { origin } = step.event;
      // PostgreSQL's texts hold no NUL.
      return at === 1 ? { ...step, event: { ...step.event, origin: { ...origin, userAgent: '\0' } } } : step;
    });
    expect(await spend(steps)).toEqual(['settled', 'failed', 'settled']);
  });

  it('wait for no factor that somebody else is at, which is answered when it is free', async () => {
    const users = await enrolled(world, server, 4);
    const [held, ...others] = users;
    if (held === undefined) throw new Error('four were enrolled');
    const holder = new pg.Client({ connectionString: world.databaseUrl });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT id FROM factors WHERE id = $1 FOR UPDATE', [uuidOf(held.factorId)]);
      const waiting = verify(held);
      const answers = await Promise.all(others.map(verify));
      expect(tally(answers)).toEqual({ 200: 3 });
      await holder.query('COMMIT');
      expect((await waiting).status).toBe(200);
      expect((await verify(held)).status).toBe(422);
    } finally {
      await holder.end();
    }
  });
});

describe.skipIf(!HAS_REDIS)('the answers of many people at once, on two instances', () => {
  let pair: Pair;
  let servers: readonly Server[];
  beforeAll(async () => {
    pair = await startPair();
    const { key } = await makeServer(pair.world, WIDE);
    servers = [0, 1].map((turn) => serverOf(pair.client(turn), key));
  });
  afterAll(() => pair.stop());

  it('are each accepted once, however often they come', async () => {
    const [first] = servers;
    if (first === undefined) throw new Error('there are two');
    const users = await enrolled(pair.world, first, 12);
    const answers = await atOnce(12 * 6, (turn) => {
      const user = users[turn % 12] as ServedUser;
      const server = servers[Math.floor(turn / 12) % 2] as Server;
      return server.post(`/v1/users/${user.externalId}/verify`, { code: user.code() });
    });
    expect(tally(answers)).toEqual({ 200: 12, 422: 60 });
    for (const { externalId } of users) {
      const [row] = await sql<{ verified: number }>(
        pair.world.databaseUrl,
        `SELECT count(*)::integer AS verified FROM events JOIN users ON users.id = user_id
          WHERE external_id = $1 AND type = 'challenge.verified'`,
        [externalId],
      );
      expect(row?.verified).toBe(1);
    }
  });
});
