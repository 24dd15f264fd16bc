import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { enrolCodes, inScript } from '../factories/codes.js';
import { answer, enrolTotp, factorsOf, type PendingTotp, stepUp, wrongCode } from '../factories/factors.js';
import {
  beginLogin,
  type Person,
  type PersonWithTotp,
  register,
  registerWithTotp,
} from '../factories/people.js';
import { eventsOf, sql, uuidOf } from '../factories/sql.js';

const STEPS_OF_AN_HOUR = 120;

describe('an authenticator app whose clock is off', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  interface Off {
    readonly person: PersonWithTotp;
    readonly token: string;
  }

  // Stepped up while its clock was right: the session proves who asks.
  async function somebody(): Promise<Off> {
    const person = await registerWithTotp(world);
    return { person, token: await stepUp(world, person) };
  }

  function resync({ person, token }: Off, codes: unknown): Promise<Answer> {
    return world.client.post(`/v1/me/factors/${person.factorId}/resync`, { codes }, { token });
  }

  const login = async (person: PersonWithTotp, code: string): Promise<Answer> =>
    answer(world, await beginLogin(world, person), { code });

  it.each([
    ['an hour ahead', STEPS_OF_AN_HOUR],
    ['nearly a day ahead', 23.9 * STEPS_OF_AN_HOUR],
    ['three steps ahead', 3],
  ])('is found again by two codes: %s', async (_what, off) => {
    const one = await somebody();
    const { person } = one;
    expectProblem(await login(person, person.code(off)), 422, 'answer_rejected');
    const { status, body } = await resync(one, [person.code(off), person.code(off + 1)]);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: person.factorId, type: 'totp', status: 'active' });
    expectProblem(await login(person, person.code(off + 1)), 422, 'answer_rejected');
    expect((await login(person, person.code(off + 2))).status).toBe(200);
    world.clock.advance(5 * 60_000);
    expect((await login(person, person.code(off + 1))).status).toBe(200);
    expectProblem(await login(person, person.code()), 422, 'answer_rejected');
    const events = await eventsOf(world.databaseUrl, person.id, 'challenge.verified');
    expect(events.map(({ data }) => data['purpose'])).toContain('resync');
  });

  it('is found again by codes in digits of any script', async () => {
    const one = await somebody();
    const codes = [one.person.code(STEPS_OF_AN_HOUR), one.person.code(STEPS_OF_AN_HOUR + 1)];
    const { status } = await resync(one, [inScript(codes[0] ?? '', '\u0660'), `\u200e${codes[1] ?? ''}`]);
    expect(status).toBe(200);
  });

  it('that was set back is found, and accepts no step that may have been used', async () => {
    const one = await somebody();
    const { person } = one;
    const back = [person.code(-60), person.code(-59)];
    expectProblem(await resync(one, back), 422, 'answer_rejected');
    const failed = await eventsOf(world.databaseUrl, person.id, 'challenge.failed');
    expect(failed.at(-1)?.data).toMatchObject({ purpose: 'resync', reason: 'stale' });
  });

  it('is not found by codes that do not follow each other, are swapped, the same, wrong or too far', async () => {
    const one = await somebody();
    const { person } = one;
    const wrong = wrongCode(person);
    const pairs = [
      [person.code(50), person.code(52)],
      [person.code(51), person.code(50)],
      [person.code(50), wrong],
      [person.code(24.5 * STEPS_OF_AN_HOUR), person.code(24.5 * STEPS_OF_AN_HOUR + 1)],
    ];
    for (const [tries, codes] of pairs.entries()) {
      const refused = await resync(one, codes);
      expectProblem(refused, 422, 'answer_rejected');
      expect(refused.body.attemptsLeft).toBe(4 - tries);
    }
    expect((await login(person, person.code())).status).toBe(200);
  });

  it('takes the same two codes once, however many bring them', async () => {
    const one = await somebody();
    const codes = [one.person.code(100), one.person.code(101)];
    const answers = await Promise.all([1, 2, 3, 4].map(() => resync(one, codes)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422, 422, 422]);
  });

  it('has five tries in ten minutes', async () => {
    const one = await somebody();
    const wrong = wrongCode(one.person);
    for (let tries = 0; tries < 5; tries += 1) {
      expectProblem(await resync(one, [wrong, wrong]), 422, 'answer_rejected');
    }
    const limited = await resync(one, [one.person.code(100), one.person.code(101)]);
    expectProblem(limited, 429, 'too_many_attempts');
    expect(Number(limited.headers.get('retry-after'))).toBeLessThanOrEqual(600);
  });

  it('counts failures towards the lock, and is not found while it is locked', async () => {
    const one = await somebody();
    const factorId = uuidOf(one.person.factorId);
    await sql(world.databaseUrl, 'UPDATE factors SET failures = 99 WHERE id = $1', [factorId]);
    const wrong = wrongCode(one.person);
    await resync(one, [wrong, wrong]);
    const [factor] = await factorsOf(world, one.token);
    expect(factor?.lockedAt ?? '').toMatch(/Z$/);
    expectProblem(await resync(one, [one.person.code(9), one.person.code(10)]), 423, 'factor_locked');
  });

  it.each([
    [['123456']],
    [['123456', '1234567', '12345678']],
    ['123456'],
    [{}],
    [null],
    [['abc', 'def']],
    [[1, 2]],
  ])('takes no codes such as %j', async (codes) => {
    expectProblem(await resync(await somebody(), codes), 400, 'validation_failed');
  });

  it('is somebody’s own, active, and an app', async () => {
    const one = await somebody();
    const other = await somebody();
    const { person } = other;
    const codes = [person.code(9), person.code(10)];
    const foreign = await world.client.post(
      `/v1/me/factors/${person.factorId}/resync`,
      { codes },
      { token: one.token },
    );
    expectProblem(foreign, 404, 'not_found');
    const pending = await world.client.post('/v1/me/factors', { type: 'totp' }, { token: one.token });
    const early = await world.client.post(
      `/v1/me/factors/${pending.body.id}/resync`,
      { codes },
      { token: one.token },
    );
    expectProblem(early, 409, 'conflict');
    const backup = (await factorsOf(world, one.token)).find(({ type }) => type === 'backup_code');
    const odd = await world.client.post(
      `/v1/me/factors/${backup?.id}/resync`,
      { codes },
      { token: one.token },
    );
    expectProblem(odd, 409, 'conflict');
  });

  describe('at its enrolment', () => {
    interface Pending {
      readonly person: Person;
      readonly factor: PendingTotp;
      readonly activate: (body: unknown) => Promise<Answer>;
    }

    /** @param off so many steps away, where the app shows a code that it shows nowhere nearer */
    async function enrolment(off = 0): Promise<Pending> {
      const person = await register(world);
      const factor = await enrolTotp(world, person.accessToken);
      const nearer = Array.from(
        { length: Math.max(0, 2 * Math.abs(off) - 1) },
        (_, at) => at - Math.abs(off) + 1,
      );
      if (nearer.some((step) => factor.code(step) === factor.code(off))) return enrolment(off);
      const path = `/v1/me/factors/${factor.id}/activate`;
      const token = person.accessToken;
      return { person, factor, activate: (body) => world.client.post(path, body, { token }) };
    }

    it.each([
      ['45 seconds behind', -2],
      ['an hour ahead', STEPS_OF_AN_HOUR],
      ['nearly a day behind', -23 * STEPS_OF_AN_HOUR],
    ])('is told that it is off, and by how much: %s', async (_what, off) => {
      const { factor, activate } = await enrolment(off);
      const told = await activate({ code: factor.code(off) });
      expectProblem(told, 422, 'answer_rejected');
      expect(told.body).toMatchObject({ reason: 'clock', driftSeconds: off * 30, attemptsLeft: 4 });
      expect(told.body.detail).toMatch(Math.abs(off) > STEPS_OF_AN_HOUR ? /set the clock/i : /codes/);
      expect((await activate({ code: factor.code() })).status).toBe(200);
    });

    it('is told nothing of a code that it shows at no time of the day', async () => {
      const { factor, activate } = await enrolment();
      const told = await activate({ code: wrongCode(factor, 2_881) });
      expectProblem(told, 422, 'answer_rejected');
      expect(Object.keys(told.body)).not.toContain('driftSeconds');
      expect(Object.keys(told.body)).not.toContain('reason');
    });

    it.each([
      ['an hour ahead', STEPS_OF_AN_HOUR],
      ['an hour behind', -STEPS_OF_AN_HOUR],
      ['right', -1],
    ])('is activated by two codes in a row, and both are spent: %s', async (_what, off) => {
      const { person, factor, activate } = await enrolment();
      const codes = [factor.code(off), factor.code(off + 1)];
      const answers = await Promise.all([1, 2, 3].map(() => activate({ codes })));
      expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
      const activated = answers.find(({ status }) => status === 200);
      expect(activated?.body).toMatchObject({ factor: { id: factor.id, status: 'active' }, expiresIn: 900 });
      expect(activated?.body.backupCodes).toHaveLength(10);
      const owner = { ...person, factorId: factor.id, backupCodes: [], code: factor.code };
      for (const code of codes) expectProblem(await login(owner, code), 422, 'answer_rejected');
      world.clock.advance(30_000);
      expect((await login(owner, factor.code(off + 1))).status).toBe(200);
    });

    it('is not activated by two codes of more than an hour: the clock has to be set first', async () => {
      const { factor, activate } = await enrolment();
      for (const off of [122, -123, 20 * STEPS_OF_AN_HOUR]) {
        const told = await activate({ codes: [factor.code(off), factor.code(off + 1)] });
        expectProblem(told, 422, 'answer_rejected');
        expect(told.body).toMatchObject({ reason: 'clock', driftSeconds: (off + 1) * 30 });
        expect(told.body.detail).toMatch(/set the clock/i);
      }
      expect((await activate({ code: factor.code() })).status).toBe(200);
    });

    it('takes an attempt for two codes as for one, and no two that do not follow each other', async () => {
      const { factor, activate } = await enrolment();
      for (const codes of [
        [factor.code(50), factor.code(52)],
        [factor.code(51), factor.code(50)],
        [factor.code(50), factor.code(50)],
        [factor.code(50), wrongCode(factor)],
      ]) {
        const refused = await activate({ codes });
        expectProblem(refused, 422, 'answer_rejected');
        expect(Object.keys(refused.body)).not.toContain('driftSeconds');
      }
      for (const body of [
        { codes: ['123456'] },
        { codes: ['123456', '234567', '345678'] },
        { codes: ['abc', 'def'] },
        { codes: [1, 2] },
        { codes: '123456' },
        { codes: null },
        { code: '123456', codes: ['123456', '234567'] },
      ]) {
        expectProblem(await activate(body), 400, 'validation_failed');
      }
      expect((await activate({ code: wrongCode(factor) })).body.attemptsLeft).toBe(0);
      expectProblem(await activate({ codes: [factor.code(-1), factor.code()] }), 410, 'enrolment_expired');
    });

    it('is found by two codes of an authenticator app only', async () => {
      const { accessToken: token, email } = await register(world);
      const { body } = await enrolCodes(world, token, { email });
      const path = `/v1/me/factors/${body.id}/activate`;
      const refused = await world.client.post(path, { codes: ['123456', '234567'] }, { token });
      expectProblem(refused, 400, 'validation_failed');
    });

    it('is told at no login', async () => {
      const { person } = await somebody();
      const told = await login(person, person.code(100));
      expectProblem(told, 422, 'answer_rejected');
      expect(Object.keys(told.body)).not.toContain('reason');
      expect(Object.keys(told.body)).not.toContain('driftSeconds');
    });
  });

  it('asks for a fresh proof', async () => {
    const one = await somebody();
    world.clock.advance(11 * 60_000);
    expectProblem(await resync(one, [one.person.code(9), one.person.code(10)]), 403, 'step_up_required');
  });

  it('cannot be imported by its user: that is for servers', async () => {
    const { accessToken: token } = await register(world);
    const body = {
      type: 'totp',
      import: { secret: 'JBSWY3DPEHPK3PXP', algorithm: 'SHA1', digits: 6, period: 30 },
    };
    const refused = await world.client.post('/v1/me/factors', body, { token });
    expectProblem(refused, 400, 'validation_failed');
    expect(refused.body.errors).toEqual([{ path: 'import', message: 'is not a known field' }]);
  });
});
