import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmailSender } from '@countersign/delivery';
import {
  expectProblem,
  makeApplication,
  passwordLogin,
  setStatus,
  trustDevice,
  withoutRequestId,
} from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { addCodeFactor, enrolCodes, newestCode } from '../../factories/codes.js';
import { activate, answer, factorsOf } from '../../factories/factors.js';
import { mailedToken, mailsTo, withOtherSecret } from '../../factories/mails.js';
import { beginLogin, logIn, type Person, register, registerWithTotp } from '../../factories/people.js';
import { eventually } from '../../factories/process.js';
import { makeAdministrator } from '../../factories/servers.js';
import { eventsOf, sql, uuidOf } from '../../factories/sql.js';

const NEW_PASSWORD = 'plum quartz 77 lantern';
const HALF_AN_HOUR_MS = 30 * 60_000;

describe('the own password', () => {
  let world: TestApp;
  let person: Person;
  beforeAll(async () => {
    world = await startTestApp();
  });
  beforeEach(async () => {
    person = await register(world);
  });
  afterAll(() => world.stop());

  const change = (body: object, token = person.accessToken): Promise<Answer> =>
    world.client.post('/v1/auth/password/change', body, { token });

  it('changes for the old one; this session stays, the others end, and the event says so', async () => {
    const other = (await passwordLogin(world, person)).body.accessToken as string;
    const changed = await change({ currentPassword: person.password, newPassword: NEW_PASSWORD });
    expect(changed.status).toBe(204);
    expect((await world.client.get('/v1/me', { token: person.accessToken })).status).toBe(200);
    expectProblem(await world.client.get('/v1/me', { token: other }), 401, 'invalid_token');
    const { refreshToken } = person;
    expect((await world.client.post('/v1/auth/refresh', { refreshToken })).status).toBe(200);
    expectProblem(await passwordLogin(world, person), 401, 'invalid_credentials');
    expect((await passwordLogin(world, { ...person, password: NEW_PASSWORD })).status).toBe(200);
    expect(await eventsOf(world.databaseUrl, person.id, 'password.changed')).toHaveLength(1);
  });

  it('stays when the old one is wrong, or the new one is refused', async () => {
    expectProblem(
      await change({ currentPassword: 'not the password', newPassword: NEW_PASSWORD }),
      401,
      'invalid_credentials',
    );
    for (const newPassword of ['short', 'password123!', person.email]) {
      const refused = await change({ currentPassword: person.password, newPassword });
      expectProblem(refused, 422, 'password_rejected');
      expect(refused.body.errors[0].path).toBe('newPassword');
    }
    expectProblem(
      await change({ currentPassword: person.password, newPassword: 'x'.repeat(129) }),
      400,
      'validation_failed',
    );
    expect((await passwordLogin(world, person)).status).toBe(200);
    expect(await eventsOf(world.databaseUrl, person.id, 'password.changed')).toEqual([]);
  });

  it('asks for a fresh second factor once one is active, and for no fresh password', async () => {
    const owner = await registerWithTotp(world);
    const session = await logIn(world, owner);
    const body = { currentPassword: owner.password, newPassword: NEW_PASSWORD };
    world.clock.advance(10 * 60_000 + 1_000);
    const { body: renewed } = await world.client.post('/v1/auth/refresh', {
      refreshToken: session.refreshToken,
    });
    expectProblem(await change(body, renewed.accessToken as string), 403, 'step_up_required');
    const fresh = await logIn(world, owner);
    expect((await change(body, fresh.accessToken)).status).toBe(204);
    const alone = await register(world);
    world.clock.advance(10 * 60_000 + 1_000);
    const { body: later } = await world.client.post('/v1/auth/refresh', { refreshToken: alone.refreshToken });
    const own = { currentPassword: alone.password, newPassword: NEW_PASSWORD };
    expect((await change(own, later.accessToken as string)).status).toBe(204);
  });

  it('takes trusted devices and open challenges with it', async () => {
    const owner = await registerWithTotp(world);
    const deviceToken = await trustDevice(world, owner);
    const session = await logIn(world, owner);
    const challenge = await beginLogin(world, owner);
    const body = { currentPassword: owner.password, newPassword: NEW_PASSWORD };
    expect((await change(body, session.accessToken)).status).toBe(204);
    expectProblem(await answer(world, challenge, { code: owner.code() }), 401, 'invalid_token');
    const again = await passwordLogin(world, { ...owner, password: NEW_PASSWORD }, { deviceToken });
    expect(again.body.status).toBe('challenge_required');
  });

  it('changes once when ten ask at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, nth) =>
        change({ currentPassword: person.password, newPassword: `${NEW_PASSWORD} ${nth}` }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(204);
    // Whoever comes after it meets another epoch, or another password.
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    expect(statuses.slice(1).every((status) => status === 401 || status === 409)).toBe(true);
  });
});

describe('a forgotten password', () => {
  let world: TestApp;
  let person: Person;
  beforeAll(async () => {
    world = await startTestApp({ env: { ROLE: 'all' } });
  });
  beforeEach(async () => {
    person = await register(world);
  });
  afterAll(() => world.stop());

  const forgot = (email: string, headers: Record<string, string> = {}): Promise<Answer> =>
    world.client.post('/v1/auth/password/forgot', { email }, { headers });
  const reset = (token: string, newPassword = NEW_PASSWORD): Promise<Answer> =>
    world.client.post('/v1/auth/password/reset', { token, newPassword });
  const resetToken = async (email = person.email, count = 1): Promise<string> => {
    expect((await forgot(email)).status).toBe(202);
    return mailedToken(world, email, 'reset-password', count);
  };

  it('is replaced by a link in a mail, once, which logs nobody in and ends every session', async () => {
    const token = await resetToken();
    expect(token).toMatch(/^rst_/);
    const texts = (await mailsTo(world, person.email)).map(({ text }) => text);
    expect(texts.some((text) => text.includes(`/reset-password?token=${token}\n`))).toBe(true);
    const done = await reset(token);
    expect({ status: done.status, body: done.body }).toEqual({ status: 204, body: undefined });
    expectProblem(await world.client.get('/v1/me', { token: person.accessToken }), 401, 'invalid_token');
    const { refreshToken } = person;
    expectProblem(await world.client.post('/v1/auth/refresh', { refreshToken }), 401, 'invalid_token');
    expectProblem(await passwordLogin(world, person), 401, 'invalid_credentials');
    const login = await passwordLogin(world, { ...person, password: NEW_PASSWORD });
    expect(login.body.user).toMatchObject({ id: person.id, emailVerified: true });
    expectProblem(await reset(token, `${NEW_PASSWORD} again`), 401, 'invalid_token');
    expect((await passwordLogin(world, { ...person, password: NEW_PASSWORD })).status).toBe(200);
  });

  it('is replaced once when ten use the link at once', async () => {
    const token = await resetToken();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, nth) => reset(token, `${NEW_PASSWORD} ${nth}`)),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(9);
  });

  it('is not replaced by one that the rules refuse, and the link stays good', async () => {
    const token = await resetToken();
    expectProblem(await reset(token, 'password123!'), 422, 'password_rejected');
    expectProblem(await reset(token, person.email), 422, 'password_rejected');
    expect((await reset(token)).status).toBe(204);
  });

  it('has links that open with their own secret only', async () => {
    const token = await resetToken();
    expectProblem(await reset(withOtherSecret(token)), 401, 'invalid_token');
    expect((await reset(token)).status).toBe(204);
  });

  it('has half an hour', async () => {
    const token = await resetToken();
    world.clock.advance(HALF_AN_HOUR_MS + 1_000);
    expectProblem(await reset(token), 401, 'invalid_token');
  });

  it('has links that die with a new password, another factor, a suspension, and any of them', async () => {
    const first = await resetToken();
    const second = await resetToken(person.email, 2);
    expect(second).not.toBe(first);
    expect((await reset(second)).status).toBe(204);
    expectProblem(await reset(first), 401, 'invalid_token');
    const suspended = await register(world);
    const token = await resetToken(suspended.email);
    await setStatus(world, suspended.email, 'suspended');
    expectProblem(await reset(token), 401, 'invalid_token');
    const enrolling = await register(world);
    const old = await resetToken(enrolling.email);
    await addCodeFactor(world, enrolling, enrolling.email);
    expectProblem(await reset(old), 401, 'invalid_token');
  });

  it('is no way round the second factor', async () => {
    const owner = await registerWithTotp(world);
    await sql(world.databaseUrl, `UPDATE users SET email_verified_at = now() WHERE id = $1`, [uuid(owner)]);
    const deviceToken = await trustDevice(world, owner);
    expect((await reset(await resetToken(owner.email))).status).toBe(204);
    const login = await passwordLogin(world, { ...owner, password: NEW_PASSWORD }, { deviceToken });
    expect(login.body.status).toBe('challenge_required');
    const challenge = { id: login.body.challenge.id as string, tempToken: login.body.tempToken as string };
    expect((await answer(world, challenge, { code: owner.code() })).status).toBe(200);
  });

  it('bars an e-mail factor at the same address until another factor has succeeded', async () => {
    const owner = await registerWithTotp(world);
    await sql(world.databaseUrl, `UPDATE users SET email_verified_at = now() WHERE id = $1`, [uuid(owner)]);
    const session = await logIn(world, owner);
    const own = await addCodeFactor(world, session, owner.email);
    const elsewhere = await addCodeFactor(world, session, `other-${owner.email}`);
    expect((await reset(await resetToken(owner.email))).status).toBe(204);
    const login = await passwordLogin(world, { ...owner, password: NEW_PASSWORD });
    const tempToken = login.body.tempToken as string;
    const { id } = login.body.challenge as { id: string };
    const send = (factorId: string): Promise<Answer> =>
      world.client.post(`/v1/challenges/${id}/send`, { factorId }, { token: tempToken });
    expectProblem(await send(own.id), 423, 'factor_locked');
    expect((await send(elsewhere.id)).status).toBe(202);
    const verified = await answer(world, { id, tempToken }, { code: owner.code(), factorId: owner.factorId });
    expect(verified.status).toBe(200);
    const factors = await factorsOf(world, verified.body.accessToken as string);
    expect(factors.map(({ lockedAt }) => lockedAt)).toEqual(factors.map(() => null));
  });

  it('of somebody who only has the mailbox leaves backup codes as the way in', async () => {
    const owner = await register(world);
    await sql(world.databaseUrl, `UPDATE users SET email_verified_at = now() WHERE id = $1`, [uuid(owner)]);
    const enrolled = await enrolCodes(world, owner.accessToken, { email: owner.email });
    const code = newestCode(world, owner.email);
    const { body } = await activate(world, owner.accessToken, enrolled.body.id as string, code);
    expect((await reset(await resetToken(owner.email))).status).toBe(204);
    const login = await passwordLogin(world, { ...owner, password: NEW_PASSWORD });
    expect(login.body).not.toHaveProperty('challenge.sent');
    expect(newestCode(world, owner.email)).toBe(code);
    const challenge = { id: login.body.challenge.id as string, tempToken: login.body.tempToken as string };
    const verified = await answer(world, challenge, { code: body.backupCodes[0] as string });
    expect(verified.status).toBe(200);
  });

  it('of an unverified account removes what the account had: whoever made it may not read its mail', async () => {
    const maker = await registerWithTotp(world);
    const deviceToken = await trustDevice(world, maker);
    expect((await reset(await resetToken(maker.email))).status).toBe(204);
    const login = await passwordLogin(world, { ...maker, password: NEW_PASSWORD }, { deviceToken });
    expect(login.body).toMatchObject({ status: 'authenticated', user: { twoFactorEnabled: false } });
    expect(await factorsOf(world, login.body.accessToken as string)).toEqual([]);
  });

  it('answers known and unknown addresses alike, writes the same, and mails only the known', async () => {
    const [known, unknown] = [await forgot(person.email), await forgot(`nobody-${person.email}`)];
    expect(withoutRequestId(known)).toEqual(withoutRequestId(unknown));
    expect(Object.fromEntries(known.headers)).toEqual({
      ...Object.fromEntries(unknown.headers),
      'x-request-id': known.headers.get('x-request-id'),
      date: known.headers.get('date'),
      ratelimit: known.headers.get('ratelimit'),
    });
    await mailedToken(world, person.email, 'reset-password');
    await eventually(async () => {
      const waiting = await sql(world.databaseUrl, `SELECT id FROM mailed_links WHERE due_at IS NOT NULL`);
      return waiting.length === 0;
    });
    expect(await mailsTo(world, `nobody-${person.email}`)).toEqual([]);
    const kept = await sql(world.databaseUrl, `SELECT id FROM mailed_links WHERE email LIKE 'nobody-%'`);
    expect(kept).toEqual([]);
  });

  it('has links of its own application only', async () => {
    const slug = await makeApplication(world, `forgetful-${person.id.slice(-6)}`);
    expect((await forgot(person.email, { 'x-application': slug })).status).toBe(202);
    await eventually(async () => {
      const waiting = await sql(world.databaseUrl, `SELECT id FROM mailed_links WHERE due_at IS NOT NULL`);
      return waiting.length === 0;
    });
    expect((await mailsTo(world, person.email)).filter(({ text }) => text.includes('rst_'))).toEqual([]);
    const token = await resetToken();
    const elsewhere = await world.client.post(
      '/v1/auth/password/reset',
      { token, newPassword: NEW_PASSWORD },
      { headers: { 'x-application': slug } },
    );
    expectProblem(elsewhere, 401, 'invalid_token');
    expect((await reset(token)).status).toBe(204);
  });

  it('takes no token of another kind, and one spelling only', async () => {
    const token = await resetToken();
    const verification = await mailedToken(world, person.email, 'verify-email');
    for (const wrong of [
      verification.replace('vfy_', 'rst_'),
      `${token}=`,
      token.toUpperCase(),
      ` ${token}`,
      token.slice(0, -1),
      person.refreshToken,
      '',
    ]) {
      expectProblem(await reset(wrong), 401, 'invalid_token');
    }
    const swapped = await world.client.post('/v1/auth/email/verify', { token });
    expectProblem(swapped, 401, 'invalid_token');
    expect((await reset(token)).status).toBe(204);
  });

  it('keeps no token in clear', async () => {
    const token = await resetToken();
    const rows = await sql<{ row: string }>(
      world.databaseUrl,
      `SELECT mailed_links::text AS row FROM mailed_links`,
    );
    expect(rows.some(({ row }) => row.includes(token.slice(4)))).toBe(false);
  });

  it('is over when the address has changed meanwhile', async () => {
    const token = await resetToken();
    await sql(world.databaseUrl, `UPDATE users SET email = $2 WHERE id = $1`, [
      uuid(person),
      `moved-${person.email}`,
    ]);
    expectProblem(await reset(token), 401, 'invalid_token');
  });
});

describe('mails with links', () => {
  it('are three an hour and account, with the same answer and no mail after that', async () => {
    const world = await startTestApp({ env: { ROLE: 'all', RATE_LIMIT_MAIL: '3/1h' } });
    try {
      const person = await register(world);
      const forgot = (): Promise<Answer> =>
        world.client.post('/v1/auth/password/forgot', { email: person.email });
      const answers = [await forgot(), await forgot(), await forgot(), await forgot()];
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
      // The first was the one that came with the account.
      await mailedToken(world, person.email, 'reset-password', 2);
      await eventually(async () => {
        const waiting = await sql(world.databaseUrl, `SELECT id FROM mailed_links WHERE due_at IS NOT NULL`);
        return waiting.length === 0;
      });
      expect(await mailsTo(world, person.email)).toHaveLength(3);
      const token = person.accessToken;
      expectProblem(await world.client.post('/v1/auth/email/resend', {}, { token }), 429, 'rate_limited');
      const email = `new-${person.email}`;
      expectProblem(await world.client.patch('/v1/me', { email }, { token }), 429, 'rate_limited');
    } finally {
      await world.stop();
    }
  });

  it('are tried again when the mail server did not take them', async () => {
    const world = await startTestApp({ env: { ROLE: 'all' } });
    try {
      const sender = world.app.get(EmailSender);
      const send = sender.send.bind(sender);
      let failures = 0;
      sender.send = async (mail) => {
        failures += 1;
        return failures === 1 ? { outcome: 'failed' } : send(mail);
      };
      const person = await register(world);
      await eventually(() => failures === 1);
      await eventually(async () => {
        const rows = await sql(
          world.databaseUrl,
          `UPDATE mailed_links SET due_at = now() WHERE tries = 1 RETURNING id`,
        );
        return rows.length === 1;
      });
      const token = await mailedToken(world, person.email, 'verify-email');
      const { password } = person;
      expect((await world.client.post('/v1/auth/email/verify', { token, password })).status).toBe(204);
    } finally {
      await world.stop();
    }
  });
});

describe('where this deployment sends no mail', () => {
  it('a forgotten password is taken note of and nothing follows; no policy can demand a verified address', async () => {
    const world = await startTestApp({ env: { ROLE: 'all' } });
    try {
      Object.defineProperty(world.app.get(EmailSender), 'available', { value: false });
      const person = await register(world);
      expect((await world.client.post('/v1/auth/password/forgot', { email: person.email })).status).toBe(202);
      expect(await sql(world.databaseUrl, `SELECT id FROM mailed_links`)).toEqual([]);
      const { token } = await makeAdministrator(world);
      const { body } = await world.client.get('/v1/applications', { token });
      const demanded = { policy: { requireVerifiedEmail: true } };
      const path = `/v1/applications/${body.data[0].id as string}`;
      expectProblem(await world.client.patch(path, demanded, { token }), 400, 'validation_failed');
    } finally {
      await world.stop();
    }
  });
});

/** The UUID of a person. */
function uuid({ id }: Person): string {
  return uuidOf(id);
}
