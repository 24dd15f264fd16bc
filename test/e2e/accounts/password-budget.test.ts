import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, passwordLogin, trustDevice, withoutRequestId } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { mailedToken } from '../../factories/mails.js';
import { type Person, registerWithTotp } from '../../factories/people.js';
import { sql } from '../../factories/sql.js';

const WRONG = 'not the password 42';
const HOME = '198.51.100.7';
const ELSEWHERE = '203.0.113.9';
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });

let serial = 0;

/** Somebody who has logged in from one address. */
async function registerFrom({ client }: TestApp, address: string): Promise<Person> {
  serial += 1;
  const email = `budget-${serial}@example.com`;
  const password = 'plum quartz 77 lantern';
  const answer = await client.post('/v1/auth/register', { email, password }, { headers: from(address) });
  if (answer.status !== 201) throw new Error(`register answered ${answer.status}`);
  const { user, accessToken, refreshToken } = answer.body;
  return { email, password, id: user.id, accessToken, refreshToken };
}

describe('an account’s budget of wrong passwords', () => {
  const LIMIT = 3;
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp({ env: { TRUST_PROXY: '1', RATE_LIMIT_PASSWORD_FAILURES: `${LIMIT}/15m` } });
  });
  afterAll(() => world.stop());

  const tryFrom = (address: string, person: Pick<Person, 'email' | 'password'>, more = {}): Promise<Answer> =>
    passwordLogin(world, person, more, from(address));
  const useUp = async (email: string): Promise<void> => {
    for (let time = 0; time < LIMIT; time += 1) {
      expectProblem(await tryFrom(ELSEWHERE, { email, password: WRONG }), 401, 'invalid_credentials');
    }
  };

  it('stops strangers from wherever they come, the right password included, until its time is over', async () => {
    const person = await registerFrom(world, HOME);
    await useUp(person.email);
    world.clock.advance(5 * MINUTE_MS);
    for (const address of [ELSEWHERE, '192.0.2.1']) {
      const limited = await tryFrom(address, person);
      expectProblem(limited, 429, 'rate_limited');
      expect(limited.headers.get('retry-after')).toBe('600');
    }
    world.clock.advance(10 * MINUTE_MS);
    expect((await tryFrom(ELSEWHERE, person)).status).toBe(200);
  });

  it('is the same for an account that does not exist', async () => {
    const person = await registerFrom(world, HOME);
    const nobody = 'nobody@example.com';
    await Promise.all([useUp(person.email), useUp(nobody)]);
    const [known, unknown] = [
      await tryFrom(ELSEWHERE, { email: person.email, password: WRONG }),
      await tryFrom(ELSEWHERE, { email: nobody, password: WRONG }),
    ];
    expectProblem(unknown, 429, 'rate_limited');
    expect(withoutRequestId(known)).toEqual(withoutRequestId(unknown));
    expect(known.headers.get('retry-after')).toBe(unknown.headers.get('retry-after'));
  });

  it('counts passwords that come with a mailed link, and does not stop the reader of the mail', async () => {
    const worker = await startTestApp({ env: { ROLE: 'all', RATE_LIMIT_PASSWORD_FAILURES: `${LIMIT}/15m` } });
    try {
      const person = await registerFrom(worker, HOME);
      const token = await mailedToken(worker, person.email, 'verify-email');
      const verify = (password: string): Promise<Answer> =>
        worker.client.post('/v1/auth/email/verify', { token, password });
      for (let time = 0; time < LIMIT; time += 1) {
        expectProblem(await verify(WRONG), 401, 'invalid_credentials');
      }
      // The sessions of its registration make this address a familiar one.
      await sql(worker.databaseUrl, `DELETE FROM sessions`);
      expectProblem(await passwordLogin(worker, person), 429, 'rate_limited');
      expect((await verify(person.password)).status).toBe(204);
    } finally {
      await worker.stop();
    }
  });

  it('counts no right password', async () => {
    const person = await registerFrom(world, HOME);
    for (let time = 0; time < LIMIT; time += 1) expect((await tryFrom(HOME, person)).status).toBe(200);
    await useUp(person.email);
  });

  it('is claimed before a password is looked at: twenty wrong ones at once see three answers', async () => {
    const { email } = await registerFrom(world, HOME);
    const tries = Array.from({ length: 20 }, () => tryFrom(ELSEWHERE, { email, password: WRONG }));
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(LIMIT);
    expect(statuses.filter((status) => status === 429)).toHaveLength(20 - LIMIT);
  });

  it('compares account names as they are stored', async () => {
    const person = await registerFrom(world, HOME);
    await useUp(`  ${person.email.toUpperCase()} `);
    expectProblem(await tryFrom(ELSEWHERE, person), 429, 'rate_limited');
  });

  it('is shared by login and step-up', async () => {
    const person = await registerFrom(world, HOME);
    const stepUp = (password: string, address: string): Promise<Answer> =>
      world.client.post(
        '/v1/auth/step-up',
        { password },
        { token: person.accessToken, headers: from(address) },
      );
    for (let time = 0; time < LIMIT; time += 1) {
      expectProblem(await stepUp(WRONG, ELSEWHERE), 401, 'invalid_credentials');
    }
    expectProblem(await tryFrom(ELSEWHERE, person), 429, 'rate_limited');
    expectProblem(await stepUp(person.password, ELSEWHERE), 429, 'rate_limited');
    expect((await stepUp(person.password, HOME)).status).toBe(200);
  });

  it('lets an address go on that logged in during the last thirty days', async () => {
    const person = await registerFrom(world, HOME);
    world.clock.advance(30 * DAY_MS - MINUTE_MS);
    await useUp(person.email);
    expect((await tryFrom(HOME, person)).status).toBe(200);

    const absent = await registerFrom(world, HOME);
    world.clock.advance(30 * DAY_MS);
    await useUp(absent.email);
    expectProblem(await tryFrom(HOME, absent), 429, 'rate_limited');
  });

  it('lets an address go on ten times in fifteen minutes', async () => {
    const person = await registerFrom(world, HOME);
    await useUp(person.email);
    const wrong = { ...person, password: WRONG };
    const statuses: number[] = [];
    for (let time = 0; time < 11; time += 1) statuses.push((await tryFrom(HOME, wrong)).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  });

  it('knows an IPv6 address by its /64', async () => {
    const person = await registerFrom(world, '2001:db8:1:2::7');
    await useUp(person.email);
    expect((await tryFrom('2001:db8:1:2:ffff::9', person)).status).toBe(200);
    expectProblem(await tryFrom('2001:db8:1:3::7', person), 429, 'rate_limited');
    const wrong = { ...person, password: WRONG };
    for (let time = 0; time < 10; time += 1) await tryFrom(`2001:db8:1:2::${time}`, wrong);
    expectProblem(await tryFrom('2001:db8:1:2::aaaa', person), 429, 'rate_limited');
  });

  it('lets a trusted device of the account go on from anywhere, and nobody else’s', async () => {
    const person = await registerWithTotp(world);
    const deviceToken = await trustDevice(world, person);
    const strangers = await trustDevice(world, await registerWithTotp(world));
    await useUp(person.email);
    const trusted = await tryFrom(ELSEWHERE, person, { deviceToken });
    expect(trusted.body.status).toBe('authenticated');
    for (const token of [strangers, `${deviceToken.slice(0, -4)}AAAA`, 'nonsense']) {
      expectProblem(await tryFrom('192.0.2.1', person, { deviceToken: token }), 429, 'rate_limited');
    }
  });
});

describe('an account’s budget of wrong passwords, by default', () => {
  it('is fifty in fifteen minutes', async () => {
    const world = await startTestApp({ env: { TRUST_PROXY: '1' } });
    try {
      const person = await registerFrom(world, HOME);
      const tries = Array.from({ length: 52 }, (_, index) =>
        passwordLogin(world, { ...person, password: WRONG }, {}, from(`192.0.2.${index}`)),
      );
      const statuses = (await Promise.all(tries)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 401)).toHaveLength(50);
      expect(statuses.filter((status) => status === 429)).toHaveLength(2);
      expect((await passwordLogin(world, person, {}, from(HOME))).status).toBe(200);
    } finally {
      await world.stop();
    }
  });
});
