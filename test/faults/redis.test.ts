import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import { type Dependency, flush, hasRedisServer, ownRedis } from '../factories/dependencies.js';
import { mailedToken } from '../factories/mails.js';
import { beginLogin, logIn, type PersonWithTotp, register, registerWithTotp } from '../factories/people.js';
import { eventually } from '../factories/process.js';
import { makeServer } from '../factories/servers.js';
import { type Timed, timed } from '../factories/timed.js';

// The bound of security.md, and what a busy machine adds to it.
const LONGEST_MS = 1_000 + 1_000;

describe.runIf(hasRedisServer)('a Redis', () => {
  let redis: Dependency;
  let world: TestApp;
  let person: PersonWithTotp;

  beforeAll(async () => {
    redis = await ownRedis();
    world = await startTestApp({ redis: false, env: { REDIS_URL: redis.url, ROLE: 'all' } });
    person = await registerWithTotp(world);
  });
  afterAll(async () => {
    redis.resume();
    await world.stop();
    await redis.remove();
  });

  const faults = [
    { fault: 'stopped', begin: () => redis.stop(), end: () => redis.start() },
    { fault: 'hung', begin: async () => redis.pause(), end: async () => redis.resume() },
  ];

  it.each(faults)(
    'that is $fault closes what it guards within a second and leaves the rest open',
    async ({ begin, end }) => {
      const { accessToken, refreshToken } = await logIn(world, person);
      const challenge = await beginLogin(world, person);
      await world.client.post('/v1/auth/password/forgot', { email: person.email });
      const reset = await mailedToken(world, person.email, 'reset-password');
      const { email, accessToken: token } = await register(world);
      const verification = await mailedToken(world, email, 'verify-email');
      const tried = await register(world);
      const patient = {
        token: await mailedToken(world, tried.email, 'verify-email'),
        password: tried.password,
      };
      const server = await makeServer(world);
      await begin();
      const { client } = world;
      const closed: Promise<Timed>[] = [
        timed(client.post('/v1/auth/login', { email: person.email, password: person.password })),
        timed(
          client.post('/v1/auth/register', { email: 'new@example.com', password: 'a very long phrase 1' }),
        ),
        timed(client.post('/v1/auth/step-up', {}, { token: accessToken })),
        timed(client.post('/v1/me/factors', { type: 'totp' }, { token: accessToken })),
        timed(
          client.post(
            `/v1/me/factors/${person.factorId}/activate`,
            { code: person.code() },
            { token: accessToken },
          ),
        ),
        timed(
          client.post(
            `/v1/challenges/${challenge.id}/verify`,
            { code: person.code() },
            { token: challenge.tempToken },
          ),
        ),
        timed(client.post('/v1/auth/password/forgot', { email: person.email })),
        timed(client.post('/v1/auth/password/reset', { token: reset, newPassword: 'plum quartz 77' })),
        timed(
          client.post(
            '/v1/auth/password/change',
            { currentPassword: person.password, newPassword: 'plum quartz 77' },
            { token: accessToken },
          ),
        ),
        // As often as wrong passwords would end the link.
        ...Array.from({ length: 5 }, () => timed(client.post('/v1/auth/email/verify', patient))),
      ];
      for (const { answer, ms } of await Promise.all(closed)) {
        expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
        expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
        expect(ms).toBeLessThan(LONGEST_MS);
      }
      const open: Promise<Timed>[] = [
        timed(client.get('/v1/me', { token: accessToken })),
        timed(client.get('/v1/me/factors', { token: accessToken })),
        timed(client.get('/v1/auth/sessions', { token: accessToken })),
        timed(client.post('/v1/auth/refresh', { refreshToken })),
        timed(server.get('/v1/users')),
      ];
      const verified = timed(client.post('/v1/auth/email/verify', { token: verification }, { token }));
      for (const { answer, ms } of await Promise.all(open)) {
        expect(answer.status).toBe(200);
        expect(ms).toBeLessThan(LONGEST_MS);
      }
      expect((await verified).answer.status).toBe(204);
      expect((await verified).ms).toBeLessThan(LONGEST_MS);
      expect((await client.get('/health/live')).status).toBe(200);
      expect(await client.get('/health/ready')).toMatchObject({
        status: 503,
        body: { checks: { database: 'ok', ephemeralStore: 'unavailable' } },
      });

      await end();
      await eventually(async () => (await client.get('/health/ready')).status === 200);
      await logIn(world, person);
      expect((await client.post('/v1/auth/email/verify', patient)).status).toBe(204);
    },
  );

  it('that loses everything brings back no spent code and opens no challenge', async () => {
    const before = await beginLogin(world, person);
    const code = person.code();
    await logIn(world, person);
    await flush(redis);
    const orphaned = await world.client.post(
      `/v1/challenges/${before.id}/verify`,
      { code: person.code() },
      { token: before.tempToken },
    );
    expect([401, 410]).toContain(orphaned.status);
    const after = await beginLogin(world, person);
    const replayed = await world.client.post(
      `/v1/challenges/${after.id}/verify`,
      { code },
      { token: after.tempToken },
    );
    expect(replayed).toMatchObject({ status: 422, body: { code: 'answer_rejected' } });
    await logIn(world, person);
  });
});
