import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { type Dependency, ownPostgres } from '../factories/dependencies.js';
import { logIn, type PersonWithTotp, register, registerWithTotp } from '../factories/people.js';
import { eventually } from '../factories/process.js';

// The bound of security.md, and what a busy machine adds to it.
const LONGEST_MS = 5_000 + 2_000;

describe('a PostgreSQL', () => {
  let postgres: Dependency;
  let world: TestApp;
  let person: PersonWithTotp;

  beforeAll(async () => {
    postgres = await ownPostgres();
    world = await startTestApp({ databaseUrl: postgres.url });
    person = await registerWithTotp(world);
  });
  afterAll(async () => {
    postgres.resume();
    await world.stop();
    await postgres.remove();
  });

  const faults = [
    { fault: 'stopped', begin: () => postgres.stop(), end: () => postgres.start() },
    { fault: 'hung', begin: async () => postgres.pause(), end: async () => postgres.resume() },
  ];

  it.each(faults)(
    'that is $fault costs a bounded 503, and is missed no longer than it is away',
    async ({ begin, end }) => {
      const { accessToken, refreshToken } = await logIn(world, person);
      await begin();
      // What was remembered of applications is past its time too.
      world.clock.advance(6_000);
      const asked: Promise<Timed>[] = [
        timed(world.client.post('/v1/auth/login', { email: person.email, password: person.password })),
        timed(
          world.client.post('/v1/auth/register', {
            email: 'new@example.com',
            password: 'a very long phrase 1',
          }),
        ),
        timed(world.client.post('/v1/auth/refresh', { refreshToken })),
        timed(world.client.get('/v1/me', { token: accessToken })),
        timed(world.client.post('/v1/me/factors', { type: 'totp' }, { token: accessToken })),
        timed(world.client.delete(`/v1/me/factors/${person.factorId}`, { token: accessToken })),
      ];
      for (const { answer, ms } of await Promise.all(asked)) {
        expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
        expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
        expect(ms).toBeLessThan(LONGEST_MS);
      }
      const [readiness, health] = await Promise.all([
        timed(world.client.get('/health/ready')),
        timed(world.client.get('/health')),
      ]);
      for (const { answer, ms } of [readiness, health]) {
        expect(answer).toMatchObject({ status: 503, body: { checks: { database: 'unavailable' } } });
        expect(ms).toBeLessThan(LONGEST_MS);
      }
      expect((await world.client.get('/health/live')).status).toBe(200);

      await end();
      await eventually(async () => (await world.client.get('/health/ready')).status === 200);
      expect((await world.client.get('/v1/me', { token: accessToken })).status).toBe(200);
      world.clock.advance(30_000);
      await logIn(world, person);
    },
  );

  it('that restarts between two requests is not noticed by the second', async () => {
    await register(world);
    await postgres.stop();
    await postgres.start();
    await register(world);
  });
});

interface Timed {
  readonly answer: Answer;
  readonly ms: number;
}

async function timed(request: Promise<Answer>): Promise<Timed> {
  const begun = performance.now();
  const answer = await request;
  return { answer, ms: performance.now() - begun };
}
