import { afterAll, describe, expect, it } from 'vitest';
import { expectProblem, setPolicy } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { addCodeFactor, enrolCodes, messagesTo, sendCode } from '../../factories/codes.js';
import { type Person, register } from '../../factories/people.js';
import { eventually } from '../../factories/process.js';
import { sql } from '../../factories/sql.js';

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

  describe('and mails about accounts', () => {
    const waited = async (world: TestApp): Promise<void> =>
      eventually(async () => {
        const [row] = await sql<{ left: number }>(
          world.databaseUrl,
          `SELECT (SELECT count(*)::integer FROM mailed_links WHERE due_at IS NOT NULL)
                + (SELECT count(*)::integer FROM events, relay_positions
                    WHERE subscriber = 'notices' AND (events.tx, events.id) > (relay_positions.tx, event_id))
                + (SELECT count(*)::integer FROM pgboss.job WHERE name = 'notices' AND state < 'completed') AS left`,
        );
        return row?.left === 0;
      });

    it('send an address so many of a kind a day, whichever accounts ask, and a verified owner a reset', async () => {
      const world = await start({ ROLE: 'all', RATE_LIMIT_EMAIL_RECIPIENT: '2/1d' });
      for (let account = 0; account < 4; account += 1) {
        const { accessToken: token } = await register(world);
        const body = { email: 'victim@example.com' };
        expect((await world.client.patch('/v1/me', body, { token })).status).toBe(202);
      }
      const owner = await register(world);
      let password = owner.password;
      for (let change = 0; change < 4; change += 1) {
        const newPassword = `${owner.password} ${change}`;
        const body = { currentPassword: password, newPassword };
        const { accessToken: token } = owner;
        expect((await world.client.post('/v1/auth/password/change', body, { token })).status).toBe(204);
        password = newPassword;
      }
      await waited(world);
      expect(messagesTo(world, 'victim@example.com')).toBe(2);
      // The link to a new account's address, and two notices.
      expect(messagesTo(world, owner.email)).toBe(3);
      await sql(world.databaseUrl, 'UPDATE users SET email_verified_at = now() WHERE email = $1', [
        owner.email,
      ]);
      for (let asked = 0; asked < 3; asked += 1) {
        await world.client.post('/v1/auth/password/forgot', { email: owner.email });
      }
      await waited(world);
      expect(messagesTo(world, owner.email)).toBe(6);
    });

    it('send strangers so many a day and application', async () => {
      const world = await start({ ROLE: 'all', EMAIL_DAILY_LIMIT: '3' });
      const people: Person[] = [];
      for (let account = 0; account < 5; account += 1) people.push(await register(world));
      await waited(world);
      expect(people.reduce((sum, { email }) => sum + messagesTo(world, email), 0)).toBe(3);
    });
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
