import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { addTotp, answer, beginStepUp, stepUp, wrongCode } from '../factories/factors.js';
import { beginLogin, logIn, register, registerWithTotp } from '../factories/people.js';
import { eventsOf, sql, uuidOf } from '../factories/sql.js';

const MINUTE = 60_000;

/** What a caller sees of a refusal, but for the request's own id. */
function seen({ status, headers, body }: Answer): unknown {
  const names = [...headers.keys()].filter((name) => name !== 'date' && name !== 'x-request-id').sort();
  return { status, names, body: { ...body, requestId: '' } };
}

describe('answering a challenge', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  it('shows which factors can answer, the default one first, and what the challenge is for', async () => {
    const person = await registerWithTotp(world);
    const { email, password } = person;
    const { body } = await world.client.post('/v1/auth/login', { email, password });
    expect(body).toMatchObject({
      status: 'challenge_required',
      tempToken: expect.stringMatching(/^tmp_/),
      expiresIn: 300,
      challenge: { status: 'pending', purpose: 'login', action: null, attemptsLeft: 5 },
    });
    expect(body).not.toHaveProperty('accessToken');
    const offered = body.challenge.factors as { id: string; type: string; isDefault: boolean }[];
    expect(offered.map(({ type, isDefault }) => [type, isDefault])).toEqual([
      ['totp', true],
      ['backup_code', false],
    ]);
  });

  it('without `factorId` asks the default factor only: a right code of another is refused', async () => {
    const person = await registerWithTotp(world);
    const second = await addTotp(world, await stepUp(world, person));
    const challenge = await beginLogin(world, person);
    const other = await answer(world, challenge, { code: second.code() });
    expect(other.status).toBe(422);
    const named = await answer(world, challenge, { factorId: second.id, code: second.code() });
    expect(named.status).toBe(200);
  });

  it('follows the default when it changes', async () => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    const second = await addTotp(world, token);
    await world.client.patch(`/v1/me/factors/${second.id}`, { isDefault: true }, { token });
    expect((await answer(world, await beginLogin(world, person), { code: second.code() })).status).toBe(200);
  });

  it('with a `factorId` that the challenge does not offer is 404', async () => {
    const [person, stranger] = [await registerWithTotp(world), await registerWithTotp(world)];
    const challenge = await beginLogin(world, person);
    for (const factorId of [stranger.factorId, person.id, 'fac_none']) {
      const refused = await answer(world, challenge, { factorId, code: stranger.code() });
      expect(refused.status, factorId).toBe(404);
    }
  });

  it('is refused in one and the same way for wrong, stale and replayed answers', async () => {
    const person = await registerWithTotp(world);
    const spent = person.code();
    await logIn(world, person);
    const refusals = [];
    for (const code of [wrongCode(person), person.code(-5), person.code(5), spent]) {
      refusals.push(seen(await answer(world, await beginLogin(world, person), { code })));
    }
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1);
    expect(refusals[0]).toMatchObject({ status: 422, body: { code: 'answer_rejected', attemptsLeft: 4 } });
    expect(refusals[0]).not.toHaveProperty('body.reason');
    const reasons = await eventsOf(world.databaseUrl, person.id, 'challenge.failed');
    expect(reasons.map(({ data }) => data['reason'])).toEqual(['mismatch', 'stale', 'stale', 'stale']);
  });

  it('takes a code of the step before, now and after, and none of them once a later one was spent', async () => {
    const person = await registerWithTotp(world);
    world.clock.advance(2 * MINUTE);
    const log = async (code: string): Promise<number> =>
      (await answer(world, await beginLogin(world, person), { code })).status;
    expect(await log(person.code(-2))).toBe(422);
    expect(await log(person.code(-1))).toBe(200);
    expect(await log(person.code(1))).toBe(200);
    expect(await log(person.code(0))).toBe(422);
    expect(await log(person.code(-1))).toBe(422);
    expect(await log(person.code(2))).toBe(422);
  });

  it('spends a code for every purpose: one that logged in proves no step-up, and the other way round', async () => {
    const person = await registerWithTotp(world);
    const code = person.code();
    const login = await answer(world, await beginLogin(world, person), { code });
    const token = login.body.accessToken as string;
    expect((await answer(world, await beginStepUp(world, token), { code })).status).toBe(422);
    world.clock.advance(30_000);
    const next = person.code();
    const proven = await answer(world, await beginStepUp(world, token), { code: next });
    expect(proven.status).toBe(200);
    expect(proven.body).not.toHaveProperty('refreshToken');
    expect((await answer(world, await beginLogin(world, person), { code: next })).status).toBe(422);
  });

  it('is taken in every spelling people type, and spent in all of them', async () => {
    const person = await registerWithTotp(world);
    const code = person.code();
    const spaced = `${code.slice(0, 3)} ${code.slice(3)}`;
    expect((await answer(world, await beginLogin(world, person), { code: spaced })).status).toBe(200);
    for (const spelling of [code, spaced, `${code.slice(0, 3)}-${code.slice(3)}`, ` ${code} `]) {
      const again = await answer(world, await beginLogin(world, person), { code: spelling });
      expect(again.status, spelling).toBe(422);
    }
  });

  it('that fits no factor is 400 and costs no try', async () => {
    const person = await registerWithTotp(world);
    const challenge = await beginLogin(world, person);
    const code = person.code();
    const bodies = [
      {},
      { code: '' },
      { code: Number(code) },
      { code: '12345' },
      { code: [code] },
      { code, password: person.password },
      { credential: { id: 'x' } },
      { code, trustDevice: 'yes' },
    ];
    for (const body of bodies) {
      const refused = await answer(world, challenge, body);
      expect(refused.status, JSON.stringify(body)).toBe(400);
      expect(refused.body.code).toBe('validation_failed');
    }
    expect((await answer(world, challenge, { code: wrongCode(person) })).body.attemptsLeft).toBe(4);
  });

  it('that fits no factor names the one that was asked, to those who may see the challenge', async () => {
    const person = await registerWithTotp(world);
    const challenge = await beginLogin(world, person);
    const { body } = await world.client.get('/v1/me/factors', { token: person.accessToken });
    const backupCodes = (body.data as { id: string; type: string }[]).find(
      ({ type }) => type === 'backup_code',
    );
    const malformed = await answer(world, challenge, { code: 'x' });
    expect(malformed.body.errors).toEqual([
      { path: 'code', message: 'totp: must be a code of 6 to 8 digits' },
    ]);
    const named = await answer(world, challenge, { code: 'x', factorId: backupCodes?.id });
    expect(named.body.errors).toEqual([
      { path: 'code', message: 'backup_code: must be a backup code such as 7K3M-9QXD-2FHT-W8ZB' },
    ]);
    const stranger = await beginLogin(world, await registerWithTotp(world));
    expectProblem(
      await answer(world, { ...challenge, tempToken: stranger.tempToken }, { code: 'x' }),
      401,
      'invalid_token',
    );
  });

  it('closes the challenge: the next answer is 410, right or wrong', async () => {
    const person = await registerWithTotp(world);
    const challenge = await beginLogin(world, person);
    expect((await answer(world, challenge, { code: person.code() })).status).toBe(200);
    for (const code of [person.code(1), wrongCode(person), person.backupCodes[0]]) {
      const refused = await answer(world, challenge, { code });
      expect(refused.status).toBe(410);
      expect(refused.body.code).toBe('challenge_closed');
    }
    // Neither the next step's code nor the backup code was spent by that.
    expect((await answer(world, await beginLogin(world, person), { code: person.code(1) })).status).toBe(200);
  });

  it('is in time for five minutes; then the challenge is 410', async () => {
    const person = await registerWithTotp(world);
    const [early, late] = [await beginLogin(world, person), await beginLogin(world, person)];
    world.clock.advance(5 * MINUTE - 1);
    expect((await answer(world, early, { code: person.code() })).status).toBe(200);
    world.clock.advance(1);
    const refused = await answer(world, late, { code: person.code(1) });
    expect(refused.status).toBe(410);
    expect(refused.body.code).toBe('challenge_closed');
  });
});

describe('a temp token', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  it('opens only its own challenge', async () => {
    const [person, stranger] = [await registerWithTotp(world), await registerWithTotp(world)];
    const [first, second] = [await beginLogin(world, person), await beginLogin(world, person)];
    const foreign = await beginLogin(world, stranger);
    const code = person.code();
    for (const [id, tempToken] of [
      [second.id, first.tempToken],
      [foreign.id, first.tempToken],
      [first.id, foreign.tempToken],
    ] as const) {
      const refused = await answer(world, { id, tempToken }, { code });
      expect(refused.status).toBe(401);
      expect(refused.body.code).toBe('invalid_token');
      expect(refused.headers.get('www-authenticate')).toMatch(/Bearer/);
    }
    // No try of either was spent by that.
    expect((await answer(world, second, { code: wrongCode(person) })).body.attemptsLeft).toBe(4);
    expect((await answer(world, first, { code })).status).toBe(200);
  });

  it('opens nothing else, and no other credential opens a challenge', async () => {
    const person = await registerWithTotp(world);
    const challenge = await beginLogin(world, person);
    for (const path of ['/v1/me', '/v1/me/factors', '/v1/auth/sessions']) {
      const refused = await world.client.get(path, { token: challenge.tempToken });
      expect(refused.status, path).toBe(401);
      expect(refused.body.code).toBe('invalid_token');
    }
    const wrong = { accessToken: person.accessToken, refreshToken: person.refreshToken };
    const tampered = `${challenge.tempToken.slice(0, -1)}${challenge.tempToken.endsWith('A') ? 'B' : 'A'}`;
    for (const tempToken of [...Object.values(wrong), tampered, 'tmp_', 'tmp_x']) {
      const refused = await answer(world, { id: challenge.id, tempToken }, { code: person.code() });
      expect(refused.status, tempToken).toBe(401);
    }
    const path = `/v1/challenges/${challenge.id}/verify`;
    const bare = await world.client.post(path, { code: person.code() });
    expect(bare.status).toBe(401);
    expect(bare.body.code).toBe('unauthenticated');
  });

  it('opens no other challenge of a step-up: each is for one person and one purpose', async () => {
    const person = await registerWithTotp(world);
    const stepping = await beginStepUp(world, person.accessToken);
    const { status, body } = await answer(world, stepping, { code: person.code(), trustDevice: true });
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual(['accessToken', 'expiresIn', 'status']);
  });

  it('of a step-up dies with the session that asked', async () => {
    const person = await registerWithTotp(world);
    const { accessToken: token } = await logIn(world, person);
    const stepping = await beginStepUp(world, token);
    await world.client.post('/v1/auth/logout', undefined, { token });
    const code = person.code();
    const refused = await answer(world, stepping, { code });
    expect(refused.status).toBe(401);
    // What was not granted is not spent either.
    expect((await answer(world, await beginLogin(world, person), { code })).status).toBe(200);
  });

  it("dies when the user's security epoch moves on", async () => {
    const person = await registerWithTotp(world);
    const challenge = await beginLogin(world, person);
    await sql(world.databaseUrl, `UPDATE users SET security_epoch = security_epoch + 1 WHERE id = $1`, [
      uuidOf(person.id),
    ]);
    const refused = await answer(world, challenge, { code: person.code() });
    expect(refused.status).toBe(401);
    expect(refused.body.code).toBe('invalid_token');
  });

  it('dies with the suspension and with the removal of its user', async () => {
    const [suspended, removed] = [await registerWithTotp(world), await registerWithTotp(world)];
    const challenges = [await beginLogin(world, suspended), await beginLogin(world, removed)];
    await sql(world.databaseUrl, `UPDATE users SET status = 'suspended' WHERE id = $1`, [
      uuidOf(suspended.id),
    ]);
    await sql(world.databaseUrl, `DELETE FROM users WHERE id = $1`, [uuidOf(removed.id)]);
    for (const [index, person] of [suspended, removed].entries()) {
      const refused = await answer(world, challenges[index] ?? { id: '', tempToken: '' }, {
        code: person.code(),
      });
      expect(refused.status).toBe(401);
      expect(refused.body.code).toBe('invalid_token');
    }
  });

  it('is not given to somebody without a factor', async () => {
    const { accessToken: token, password } = await register(world);
    const proven = await world.client.post('/v1/auth/step-up', { password }, { token });
    expect(proven.status).toBe(200);
    expect(proven.body).not.toHaveProperty('tempToken');
  });
});
