import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passwordLogin } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { hasRedisServer, ownRedisCluster } from '../factories/dependencies.js';
import { atOnce, tally } from '../factories/pair.js';
import { beginLogin, logIn, register, registerWithTotp } from '../factories/people.js';
import { eventually } from '../factories/process.js';
import { enrolServedUser, makeServer } from '../factories/servers.js';
import { sql } from '../factories/sql.js';

// The bound of security.md, and what a busy machine adds to it.
const LONGEST_MS = 1_000 + 1_000;

describe.runIf(hasRedisServer)('a Redis Cluster of three nodes', { timeout: 60_000 }, () => {
  let cluster: Awaited<ReturnType<typeof ownRedisCluster>>;
  let worlds: readonly [TestApp, TestApp];
  beforeAll(async () => {
    cluster = await ownRedisCluster();
    const masterKey = randomBytes(32).toString('base64');
    const env = { REDIS_URL: cluster.url, RATE_LIMIT_DEFAULT: '40/15m' };
    const first = await startTestApp({ redis: false, masterKey, env });
    const { databaseUrl, clock } = first;
    worlds = [first, await startTestApp({ redis: false, masterKey, env, databaseUrl, clock })];
  });
  afterAll(async () => {
    await Promise.all(worlds.map((world) => world.stop()));
    await cluster.remove();
  });

  const world = (turn: number): TestApp => worlds[turn % 2 === 0 ? 0 : 1];

  it('carries logins, challenges, keys and limits, whatever slots they fall into', async () => {
    const people = await atOnce(12, (turn) => register(world(turn)));
    const logins = await atOnce(12, (turn) => passwordLogin(world(turn), people[turn] ?? never()));
    expect(tally(logins)).toEqual({ 200: 12 });
    const person = await registerWithTotp(worlds[0]);
    await logIn(worlds[1], person);
    const server = await makeServer(worlds[0]);
    await enrolServedUser(worlds[0], server);
  });

  it('counts a limit once for both instances, and spends an answer once', async () => {
    const { accessToken: token } = await register(worlds[0]);
    const answers = await atOnce(60, (turn) => world(turn).client.get('/v1/me', { token }));
    expect(tally(answers)).toEqual({ 200: 40, 429: 20 });
    const person = await registerWithTotp(worlds[0]);
    const { id, tempToken } = await beginLogin(worlds[0], person);
    const code = person.code();
    const verified = await atOnce(10, (turn) =>
      world(turn).client.post(`/v1/challenges/${id}/verify`, { code }, { token: tempToken }),
    );
    expect(verified.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it.each(['killed', 'hung'] as const)(
    'one node of which is %s costs its keys a bounded 503, and no more once it is back',
    async (fate) => {
      const people = await atOnce(8, (turn) => register(world(turn)));
      const [application] = await sql<{ id: string }>(worlds[0].databaseUrl, `SELECT id FROM applications`);
      const node = cluster.nodeOf(application?.id ?? '');
      if (fate === 'killed') await node?.stop();
      else node?.pause();
      const begun = performance.now();
      const during = await Promise.all(people.map((person, turn) => passwordLogin(world(turn), person)));
      expect(performance.now() - begun).toBeLessThan(LONGEST_MS + people.length * 500);
      const statuses = new Set(during.map(({ status }) => status));
      expect([...statuses].every((status) => status === 200 || status === 503)).toBe(true);
      expect(statuses).toContain(503);
      for (const { status, headers } of during) {
        if (status === 503) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      }
      await eventually(async () => (await worlds[0].client.get('/health/ready')).status === 503);
      expect((await worlds[0].client.get('/health/live')).status).toBe(200);
      if (fate === 'killed') await node?.start();
      else node?.resume();
      await eventually(async () => (await worlds[0].client.get('/health/ready')).status === 200);
      await eventually(async () => {
        const after = await Promise.all(people.map((person, turn) => passwordLogin(world(turn), person)));
        return after.every(({ status }) => status === 200);
      });
    },
  );
});

function never(): never {
  throw new Error('nobody is there');
}
