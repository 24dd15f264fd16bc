import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  expectProblem,
  makeApplication,
  passwordLogin,
  setPolicy,
  withoutRequestId,
} from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { mailedToken, mailsTo, tokenIn, withOtherSecret } from '../../factories/mails.js';
import { type Person, register } from '../../factories/people.js';
import { eventually } from '../../factories/process.js';
import { makeAdministrator } from '../../factories/servers.js';
import { eventsOf, sql } from '../../factories/sql.js';

const DAY_MS = 24 * 60 * 60_000;
const PASSWORD = 'plum quartz 77 lantern';

describe('an address', () => {
  let world: TestApp;
  let person: Person;
  beforeAll(async () => {
    world = await startTestApp({ env: { ROLE: 'all' } });
  });
  beforeEach(async () => {
    person = await register(world);
  });
  afterAll(() => world.stop());

  const verify = (token: string, { password } = person): Promise<Answer> =>
    world.client.post('/v1/auth/email/verify', { token, password });
  const resend = (token = person.accessToken): Promise<Answer> =>
    world.client.post('/v1/auth/email/resend', {}, { token });
  const change = (body: object, token = person.accessToken): Promise<Answer> =>
    world.client.patch('/v1/me', body, { token });
  const me = async (token = person.accessToken): Promise<Record<string, unknown>> =>
    (await world.client.get('/v1/me', { token })).body as Record<string, unknown>;
  const verified = async (): Promise<Person> => {
    expect((await verify(await mailedToken(world, person.email, 'verify-email'))).status).toBe(204);
    const { body } = await passwordLogin(world, person);
    return { ...person, accessToken: body.accessToken, refreshToken: body.refreshToken };
  };

  it('is verified by the link that its new account is mailed, once', async () => {
    expect((await me())['emailVerified']).toBe(false);
    const token = await mailedToken(world, person.email, 'verify-email');
    expect((await verify(token)).status).toBe(204);
    const { body } = await passwordLogin(world, person);
    expect(body.user.emailVerified).toBe(true);
    expectProblem(await verify(token), 401, 'invalid_token');
    const updated = await eventsOf(world.databaseUrl, person.id, 'user.updated');
    expect(updated.map(({ data }) => data)).toEqual([{ fields: ['emailVerified'] }]);
  });

  it('is verified by no link that has the right id and another secret', async () => {
    const token = await mailedToken(world, person.email, 'verify-email');
    const guess = await verify(withOtherSecret(token));
    expectProblem(guess, 401, 'invalid_token');
    expect((await verify(token)).status).toBe(204);
  });

  it('is verified once when ten try at once', async () => {
    const token = await mailedToken(world, person.email, 'verify-email');
    const answers = await Promise.all(Array.from({ length: 10 }, () => verify(token)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(9);
  });

  it('that is verified again ends nothing', async () => {
    const owner = await verified();
    const email = `next-${owner.email}`;
    await change({ email }, owner.accessToken);
    expect((await verify(await mailedToken(world, email, 'verify-email'), owner)).status).toBe(204);
    expect(await me(owner.accessToken)).toMatchObject({ email });
    const { refreshToken } = owner;
    expect((await world.client.post('/v1/auth/refresh', { refreshToken })).status).toBe(200);
  });

  it('has a day to be verified', async () => {
    const token = await mailedToken(world, person.email, 'verify-email');
    world.clock.advance(DAY_MS + 1_000);
    expectProblem(await verify(token), 401, 'invalid_token');
  });

  it('is mailed its link again when asked, until it is verified', async () => {
    await mailedToken(world, person.email, 'verify-email');
    expect((await resend()).status).toBe(202);
    await mailedToken(world, person.email, 'verify-email', 2);
    const owner = await verified();
    expect((await resend(owner.accessToken)).status).toBe(202);
    const waiting = await sql(world.databaseUrl, `SELECT id FROM mailed_links WHERE due_at IS NOT NULL`);
    expect(waiting).toEqual([]);
    expectProblem(await world.client.post('/v1/auth/email/resend', {}), 401, 'unauthenticated');
  });

  it('that is new counts once it is verified, and the old one is told', async () => {
    const owner = await verified();
    const email = `new-${owner.email}`;
    const accepted = await change({ email: `  ${email.toUpperCase()} ` }, owner.accessToken);
    expect(accepted).toMatchObject({ status: 202, body: { email: owner.email } });
    expect(await me(owner.accessToken)).toMatchObject({ email: owner.email, emailVerified: true });
    const token = await mailedToken(world, email, 'verify-email');
    await eventually(async () =>
      (await mailsTo(world, owner.email)).some((mail) => mail.subject.includes('about to change')),
    );
    expect((await verify(token)).status).toBe(204);
    expect(await me(owner.accessToken)).toMatchObject({ email, emailVerified: true });
    expect((await passwordLogin(world, { ...owner, email })).status).toBe(200);
    expectProblem(await passwordLogin(world, owner), 401, 'invalid_credentials');
    expect(await eventsOf(world.databaseUrl, owner.id, 'email.changed')).toHaveLength(1);
  });

  it('that is taken is answered like a free one, stays with its owner, and gets no mail', async () => {
    const owner = await verified();
    const other = await register(world);
    await mailedToken(world, other.email, 'verify-email');
    const before = await mailsTo(world, other.email);
    const free = await change({ email: `free-${owner.email}` }, owner.accessToken);
    const taken = await change({ email: other.email }, owner.accessToken);
    expect(withoutRequestId(taken)).toEqual(withoutRequestId(free));
    await eventually(async () => {
      const waiting = await sql(world.databaseUrl, `SELECT id FROM mailed_links WHERE due_at IS NOT NULL`);
      return waiting.length === 0;
    });
    expect(await mailsTo(world, other.email)).toEqual(before);
    expect((await passwordLogin(world, other)).body.user.id).toBe(other.id);
  });

  it('that two accounts want goes to the one who verifies it first', async () => {
    const [one, two] = [await verified(), await register(world)];
    const email = `wanted-${person.email}`;
    await change({ email }, one.accessToken);
    const first = await mailedToken(world, email, 'verify-email');
    await change({ email }, two.accessToken);
    const second = await mailedToken(world, email, 'verify-email', 2);
    const answers = await Promise.all([verify(first, one), verify(second, two)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 401]);
    expect(await sql(world.databaseUrl, `SELECT id FROM users WHERE email = $1`, [email])).toHaveLength(1);
  });

  it('that was asked for is forgotten with the next one asked for, and with a new password', async () => {
    const owner = await verified();
    await change({ email: `one-${owner.email}` }, owner.accessToken);
    const first = await mailedToken(world, `one-${owner.email}`, 'verify-email');
    await change({ email: `two-${owner.email}` }, owner.accessToken);
    const second = await mailedToken(world, `two-${owner.email}`, 'verify-email');
    expectProblem(await verify(first), 401, 'invalid_token');
    const body = { currentPassword: owner.password, newPassword: PASSWORD };
    await world.client.post('/v1/auth/password/change', body, { token: owner.accessToken });
    expectProblem(await verify(second, { ...owner, password: PASSWORD }), 401, 'invalid_token');
    expect((await me(owner.accessToken))['email']).toBe(owner.email);
  });

  it('writes in the language of its user, and never a word of theirs into a header', async () => {
    const email = `langue-${person.email}`;
    await world.client.post('/v1/auth/register', { email, password: PASSWORD, locale: 'fr-CA' });
    await mailedToken(world, email, 'verify-email');
    const [mail] = await mailsTo(world, email);
    expect(mail?.subject).toBe('Countersign : confirmez votre adresse e-mail');
  });
});

describe('where policy demands a verified address', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp({ env: { ROLE: 'all' } });
    await setPolicy(world, { requireVerifiedEmail: true });
  });
  afterAll(() => world.stop());

  const enrol = (email: string, password = PASSWORD): Promise<Answer> =>
    world.client.post('/v1/auth/register', { email, password });
  const verify = (token: string, password = PASSWORD): Promise<Answer> =>
    world.client.post('/v1/auth/email/verify', { token, password });
  const settled = (): Promise<void> =>
    eventually(async () => {
      const waiting = await sql(world.databaseUrl, `SELECT id FROM mailed_links WHERE due_at IS NOT NULL`);
      return waiting.length === 0;
    });

  it('registration answers 202 and a mail, and login waits for the link', async () => {
    const email = 'first@example.com';
    const answer = await enrol(email);
    expect(answer).toMatchObject({ status: 202, body: { status: 'verification_required' } });
    const token = await mailedToken(world, email, 'verify-email');
    expectProblem(
      await passwordLogin(world, { email, password: 'not the password' }),
      401,
      'invalid_credentials',
    );
    expectProblem(await passwordLogin(world, { email, password: PASSWORD }), 403, 'email_unverified');
    // Who knows the password is mailed another link.
    await mailedToken(world, email, 'verify-email', 2);
    expect((await verify(token)).status).toBe(204);
    expect((await passwordLogin(world, { email, password: PASSWORD })).body.status).toBe('authenticated');
  });

  it('registration tells a known address nothing but by mail', async () => {
    const email = 'known@example.com';
    await enrol(email);
    const token = await mailedToken(world, email, 'verify-email');
    await verify(token);
    const [known, unknown] = [await enrol(email, 'another lantern 9 quartz'), await enrol('new@example.com')];
    expect(withoutRequestId(known)).toEqual(withoutRequestId(unknown));
    await settled();
    const mails = await mailsTo(world, email);
    expect(mails[0]).toMatchObject({ subject: 'Countersign: you have an account already' });
    expect(mails[0] && tokenIn(mails[0])).toBeUndefined();
    expect((await passwordLogin(world, { email, password: PASSWORD })).status).toBe(200);
  });

  it('a session of before opens the own account, the mail and the way out, and nothing else', async () => {
    const slug = await makeApplication(world, 'strict');
    const headers = { 'x-application': slug };
    const { body } = await world.client.post(
      '/v1/auth/register',
      { email: 'early@example.com', password: PASSWORD },
      { headers },
    );
    const token = body.accessToken as string;
    await setPolicy(world, { requireVerifiedEmail: true }, slug);
    expectProblem(await world.client.get('/v1/me/factors', { token }), 403, 'email_unverified');
    expectProblem(
      await world.client.post('/v1/me/factors', { type: 'totp' }, { token }),
      403,
      'email_unverified',
    );
    expectProblem(await world.client.get('/v1/auth/sessions', { token }), 403, 'email_unverified');
    expect((await world.client.get('/v1/me', { token })).status).toBe(200);
    expect((await world.client.post('/v1/auth/email/resend', {}, { token })).status).toBe(202);
    expect((await world.client.post('/v1/auth/logout', undefined, { token })).status).toBe(204);
  });

  it('administrators whom the operator made are not kept out', async () => {
    expect((await makeAdministrator(world)).token).toBeDefined();
  });
});
