import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTRACT_LIMITS, startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import {
  activate,
  addTotp,
  answer,
  beginStepUp,
  enrolTotp,
  factorsOf,
  stepUp,
  wrongCode,
} from '../factories/factors.js';
import { beginLogin, logIn, type PersonWithTotp, register, registerWithTotp } from '../factories/people.js';
import { eventsOf, sql, uuidOf } from '../factories/sql.js';

const MINUTE = 60_000;

describe('tries of a challenge', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  it('are five whatever the factor; then even the right code is 410', async () => {
    const person = await registerWithTotp(world);
    const challenge = await beginLogin(world, person);
    const wrongs = [wrongCode(person), 'ZZZZ-ZZZZ-ZZZZ-ZZZZ', wrongCode(person), 'ZZZZZZZZZZZZZZZZ'];
    for (const [index, code] of wrongs.entries()) {
      expect((await answer(world, challenge, { code })).body.attemptsLeft).toBe(4 - index);
    }
    // A factor that the challenge does not offer costs a try as well.
    expect(
      (await answer(world, challenge, { factorId: 'fac_00000000000000000000000000', code: '123456' })).status,
    ).toBe(404);
    for (const code of [person.code(), person.backupCodes[0]]) {
      const refused = await answer(world, challenge, { code });
      expect(refused.status).toBe(410);
      expect(refused.body.code).toBe('challenge_closed');
    }
    expect((await answer(world, await beginLogin(world, person), { code: person.code() })).status).toBe(200);
  });

  it('stay spent when the transaction fails; the answer itself does not', async () => {
    const person = await registerWithTotp(world);
    const challenge = await beginLogin(world, person);
    const code = person.code();
    await sql(
      world.databaseUrl,
      `CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$`,
    );
    await sql(
      world.databaseUrl,
      'CREATE TRIGGER disk_full BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION disk_full()',
    );
    const failed = await answer(world, challenge, { code });
    await sql(world.databaseUrl, 'DROP TRIGGER disk_full ON sessions');
    expect(failed.status).toBe(503);
    expect(failed.headers.get('retry-after')).not.toBeNull();
    expect(await eventsOf(world.databaseUrl, person.id, 'challenge.verified')).toEqual([]);
    expect((await answer(world, challenge, { code: wrongCode(person) })).body.attemptsLeft).toBe(3);
    expect((await answer(world, challenge, { code })).status).toBe(200);
  });
});

describe('the budget of ten answers per user', () => {
  let world: TestApp;
  beforeAll(async () => {
    const { RATE_LIMIT_VERIFY } = CONTRACT_LIMITS;
    world = await startTestApp({ env: { RATE_LIMIT_VERIFY } });
  });
  afterAll(() => world.stop());

  // The window began with the activation; this begins a new one.
  const freshWindow = async (): Promise<PersonWithTotp> => {
    const person = await registerWithTotp(world);
    world.clock.advance(15 * MINUTE);
    const { refreshToken } = person;
    const { body } = await world.client.post('/v1/auth/refresh', { refreshToken });
    return { ...person, accessToken: body.accessToken as string };
  };
  const guess = async (person: PersonWithTotp): Promise<Answer> =>
    answer(world, await beginStepUp(world, person.accessToken), { code: wrongCode(person) });

  it('counts across challenges; the eleventh is 429 and says when to come back', async () => {
    const person = await freshWindow();
    for (let left = 9; left >= 0; left -= 1) {
      const wrong = await guess(person);
      expect(wrong.status).toBe(422);
      expect(wrong.headers.get('ratelimit')).toBe(`"verify";r=${left};t=900`);
      expect(wrong.headers.get('ratelimit-policy')).toBe('"verify";q=10;w=900');
    }
    world.clock.advance(MINUTE);
    const refused = await answer(world, await beginLogin(world, person), { code: person.code() });
    expect(refused.status).toBe(429);
    expect(refused.body.code).toBe('too_many_attempts');
    expect(refused.headers.get('retry-after')).toBe('840');
    expect(refused.headers.get('ratelimit')).toBe('"verify";r=0;t=840');

    world.clock.advance(14 * MINUTE);
    expect((await answer(world, await beginLogin(world, person), { code: person.code() })).status).toBe(200);
  });

  it('counts accepted answers too, and they refill nothing', async () => {
    const person = await freshWindow();
    for (let accepted = 0; accepted < 10; accepted += 1) await stepUp(world, person);
    const refused = await answer(world, await beginLogin(world, person), { code: person.code() });
    expect(refused.status).toBe(429);
    expect(refused.body.code).toBe('too_many_attempts');
  });

  it('is spent by activations as well', async () => {
    const person = await register(world);
    const wrong = async (): Promise<number> => {
      const pending = await enrolTotp(world, person.accessToken);
      const { status } = await activate(world, person.accessToken, pending.id, wrongCode(pending));
      return status;
    };
    for (let spent = 0; spent < 10; spent += 1) expect(await wrong()).toBe(422);
    const pending = await enrolTotp(world, person.accessToken);
    const refused = await activate(world, person.accessToken, pending.id, pending.code());
    expect(refused.status).toBe(429);
    expect(refused.body.code).toBe('too_many_attempts');
    expect(refused.headers.get('retry-after')).toBe('900');
    expect(refused.headers.get('ratelimit')).toBe('"verify";r=0;t=900');
  });

  it('spends none of the tries of the challenge that it stops', async () => {
    const person = await freshWindow();
    const kept = await beginLogin(world, person);
    for (let spent = 0; spent < 10; spent += 1) await guess(person);
    expect((await answer(world, kept, { code: person.code() })).status).toBe(429);
    world.clock.advance(5 * MINUTE);
    expect((await answer(world, kept, { code: person.code() })).status).toBe(410);
  });

  it("is one user's: another goes on", async () => {
    const [person, other] = [await freshWindow(), await registerWithTotp(world)];
    for (let spent = 0; spent < 10; spent += 1) await guess(person);
    expect((await answer(world, await beginLogin(world, other), { code: other.code() })).status).toBe(200);
  });
});

describe('a hundred wrong answers in a row', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  const setFailures = (factorId: string, failures: number) =>
    sql(world.databaseUrl, 'UPDATE factors SET failures = $2 WHERE id = $1', [uuidOf(factorId), failures]);
  const failuresOf = async (factorId: string): Promise<unknown> =>
    (await sql(world.databaseUrl, 'SELECT failures FROM factors WHERE id = $1', [uuidOf(factorId)]))[0]?.[
      'failures'
    ];

  it('lock the factor: 423 for the right code, and no longer a way in', async () => {
    const person = await registerWithTotp(world);
    await setFailures(person.factorId, 98);
    const challenge = await beginLogin(world, person);
    expect((await answer(world, challenge, { code: wrongCode(person) })).status).toBe(422);
    expect((await answer(world, challenge, { code: wrongCode(person) })).status).toBe(422);
    const locked = await answer(world, challenge, { code: person.code() });
    expect(locked.status).toBe(423);
    expect(locked.body.code).toBe('factor_locked');
    const events = await eventsOf(world.databaseUrl, person.id, 'factor.locked');
    expect(events).toHaveLength(1);
    expect(events[0]?.data).toMatchObject({ factorId: person.factorId, factorType: 'totp' });
    expect((await factorsOf(world, person.accessToken))[0]?.lockedAt).not.toBeNull();
  });

  it('outlive the fifteen minutes, and every restart: the lock is in PostgreSQL', async () => {
    const person = await registerWithTotp(world);
    await setFailures(person.factorId, 99);
    await answer(world, await beginLogin(world, person), { code: wrongCode(person) });
    world.clock.advance(24 * 60 * MINUTE);
    expect((await answer(world, await beginLogin(world, person), { code: person.code() })).status).toBe(423);
  });

  it('are forgotten when another factor is answered: it unlocks the locked one', async () => {
    const person = await registerWithTotp(world);
    await setFailures(person.factorId, 99);
    await answer(world, await beginLogin(world, person), { code: wrongCode(person) });
    const recovered = await answer(world, await beginLogin(world, person), { code: person.backupCodes[0] });
    expect(recovered.status).toBe(200);
    const unlocked = await eventsOf(world.databaseUrl, person.id, 'factor.unlocked');
    expect(unlocked.map(({ data }) => data['factorId'])).toEqual([person.factorId]);
    expect(await failuresOf(person.factorId)).toBe(0);
    expect((await answer(world, await beginLogin(world, person), { code: person.code() })).status).toBe(200);
  });

  it('lock that factor only', async () => {
    const person = await registerWithTotp(world);
    const second = await addTotp(world, await stepUp(world, person));
    await setFailures(person.factorId, 99);
    const challenge = await beginLogin(world, person);
    await answer(world, challenge, { code: wrongCode(person) });
    const other = await answer(world, challenge, { factorId: second.id, code: second.code() });
    expect(other.status).toBe(200);
  });

  it('must be in a row: a right one starts the count anew', async () => {
    const person = await registerWithTotp(world);
    await setFailures(person.factorId, 99);
    await logIn(world, person);
    expect(await failuresOf(person.factorId)).toBe(0);
  });
});
