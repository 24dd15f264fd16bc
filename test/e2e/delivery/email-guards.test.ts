import { afterAll, describe, expect, it } from 'vitest';
import { expectProblem, setPolicy } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { addCodeFactor, enrolCodes, messagesTo, sendCode } from '../../factories/codes.js';
import { type Person, register } from '../../factories/people.js';

const DAY = 24 * 60 * 60_000;

describe('the guards against mail bombing', () => {
  const started: TestApp[] = [];
  const start = async (env: Readonly<Record<string, string>>): Promise<TestApp> => {
    const world = await startTestApp({ env });
    started.push(world);
    return world;
  };
  afterAll(() => Promise.all(started.map((world) => world.stop())));

  const enrol = async (world: TestApp, email: string): Promise<Answer> =>
    enrolCodes(world, (await register(world)).accessToken, { email });
  const expectCapped = (answer: Answer, reason: string): void => {
    expectProblem(answer, 429, 'rate_limited');
    expect(answer.body.reason).toBe(reason);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(86_400);
  };
  const logIn = async (world: TestApp, { email, password }: Person): Promise<Answer> =>
    world.client.post('/v1/auth/login', { email, password });

  it('send an address so many a day, whoever asks and however it is spelled', async () => {
    const world = await start({ RATE_LIMIT_EMAIL_RECIPIENT: '10/1d', RATE_LIMIT_SEND: '5/1h' });
    const [victim, shouted] = ['victim@example.com', 'VICTIM@Example.com'];
    const outcomes: number[] = [];
    for (let account = 0; account < 5; account += 1) {
      const { accessToken } = await register(world);
      for (let sends = 0; sends < 5; sends += 1) {
        const email = sends % 2 === 0 ? victim : shouted;
        outcomes.push((await enrolCodes(world, accessToken, { email })).status);
      }
    }
    expect(outcomes.filter((status) => status === 201)).toHaveLength(10);
    expect(messagesTo(world, victim) + messagesTo(world, shouted)).toBe(10);
    expectCapped(await enrol(world, victim), 'recipient_limit');
    expect((await enrol(world, 'somebody-else@example.com')).status).toBe(201);
    world.clock.advance(DAY);
    expect((await enrol(world, victim)).status).toBe(201);
  });

  it('let an activated factor send when strangers have used up what their enrolments may', async () => {
    const world = await start({ RATE_LIMIT_EMAIL_RECIPIENT: '2/1d' });
    const owner = await register(world);
    await addCodeFactor(world, owner, owner.email);
    expect((await enrol(world, owner.email)).status).toBe(201);
    expectCapped(await enrol(world, owner.email), 'recipient_limit');
    expect((await logIn(world, owner)).body.challenge.sent).toBeDefined();
  });

  it('let enrolments have a fifth of the day, and logins the rest', async () => {
    const world = await start({ EMAIL_DAILY_LIMIT: '5' });
    const owner = await register(world);
    const factor = await addCodeFactor(world, owner, owner.email);
    expectCapped(await enrol(world, 'one@example.com'), 'enrolment_limit');
    for (let sends = 0; sends < 4; sends += 1) {
      expect((await logIn(world, owner)).body.challenge.sent).toBeDefined();
    }
    const { body } = await logIn(world, owner);
    expect(body.challenge.sent).toBeUndefined();
    const opened = { id: body.challenge.id as string, tempToken: body.tempToken as string };
    expectCapped(await sendCode(world, opened, factor.id), 'application_limit');
  });

  it("go by the application's own limit where it has one", async () => {
    const world = await start({ EMAIL_DAILY_LIMIT: '100' });
    await setPolicy(world, { emailDailyLimit: 0 });
    expectCapped(await enrol(world, 'one@example.com'), 'application_limit');
    await setPolicy(world, { emailDailyLimit: 10 });
    expect((await enrol(world, 'one@example.com')).status).toBe(201);
    expect((await enrol(world, 'two@example.com')).status).toBe(201);
    expectCapped(await enrol(world, 'three@example.com'), 'enrolment_limit');
  });
});
