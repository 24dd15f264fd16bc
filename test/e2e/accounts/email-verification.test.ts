import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  expectProblem,
  makeApplication,
  passwordLogin,
  setPolicy,
  setStatus,
  withoutRequestId,
} from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { activate, enrolTotp } from '../../factories/factors.js';
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

  it('is verified by no session but a live one of its own account', async () => {
    const token = await mailedToken(world, person.email, 'verify-email');
    const other = await register(world);
    const ended = await passwordLogin(world, person);
    const endedToken = ended.body.accessToken as string;
    await world.client.post('/v1/auth/logout', undefined, { token: endedToken });
    const bring = (bearer: string): Promise<Answer> =>
      world.client.post('/v1/auth/email/verify', { token }, { token: bearer });
    for (const bearer of [other.accessToken, endedToken, 'none', person.refreshToken]) {
      expectProblem(await bring(bearer), 403, 'proof_required');
    }
    // A password that comes along is looked at, whoever is logged in.
    const wrong = { token, password: other.password };
    const judged = await world.client.post('/v1/auth/email/verify', wrong, { token: person.accessToken });
    expectProblem(judged, 401, 'invalid_credentials');
    expect((await bring(person.accessToken)).status).toBe(204);
  });

  it('is verified by a session in a cookie of an allowed page, with its token', async () => {
    const origin = 'https://app.example.com';
    await sql(world.databaseUrl, `UPDATE applications SET allowed_origins = $1 WHERE slug = 'default'`, [
      [origin],
    ]);
    world.clock.advance(5_001);
    const login = { email: person.email, password: person.password, session: 'cookie' };
    const begun = await world.client.post('/v1/auth/login', login, { headers: { origin } });
    const cookie = begun.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    const csrf = begun.body.csrfToken as string;
    const token = await mailedToken(world, person.email, 'verify-email');
    const send = (headers: Record<string, string>, sent = token): Promise<Answer> =>
      world.client.post('/v1/auth/email/verify', { token: sent }, { headers: { cookie, ...headers } });
    expectProblem(await send({ origin }), 403, 'proof_required');
    expectProblem(await send({ origin: 'https://evil.example', 'x-csrf-token': csrf }), 403, 'csrf_rejected');
    expectProblem(await send({ origin, 'x-csrf-token': `${csrf}x` }), 403, 'csrf_rejected');
    // A dead link is told before anything else is looked at.
    const dead = await send({ origin: 'https://evil.example', 'x-csrf-token': csrf }, withOtherSecret(token));
    expectProblem(dead, 401, 'invalid_token');
    expect((await send({ origin, 'x-csrf-token': csrf })).status).toBe(204);
  });

  it('is verified by no link of another application, a suspended user, an erased one, or an old password', async () => {
    const slug = await makeApplication(world, `elsewhere-${person.id.slice(-6)}`);
    const token = await mailedToken(world, person.email, 'verify-email');
    const { password } = person;
    const headers = { 'x-application': slug };
    const elsewhere = await world.client.post('/v1/auth/email/verify', { token, password }, { headers });
    expectProblem(elsewhere, 401, 'invalid_token');
    await setStatus(world, person.email, 'suspended');
    expectProblem(await verify(token), 401, 'invalid_token');
    await setStatus(world, person.email, 'active');
    const change = { currentPassword: password, newPassword: PASSWORD };
    const changed = await world.client.post('/v1/auth/password/change', change, {
      token: person.accessToken,
    });
    expect(changed.status).toBe(204);
    expectProblem(await verify(token), 401, 'invalid_token');
    expectProblem(await verify(token, { ...person, password: PASSWORD }), 401, 'invalid_token');
    // Another one counts with the password that the account has now.
    expect((await resend()).status).toBe(202);
    const again = await mailedToken(world, person.email, 'verify-email', 2);
    expectProblem(await verify(again), 401, 'invalid_credentials');
    expect((await world.client.delete('/v1/me', { token: person.accessToken })).status).toBe(204);
    expectProblem(await verify(again, { ...person, password: PASSWORD }), 401, 'invalid_token');
  });

  it('that is new counts with the account’s password or session only, and never for a new password', async () => {
    const owner = await verified();
    const email = `moved-${owner.email}`;
    await change({ email }, owner.accessToken);
    const token = await mailedToken(world, email, 'verify-email');
    const bare = await world.client.post('/v1/auth/email/verify', { token });
    expectProblem(bare, 403, 'proof_required');
    expect(bare.body.link).toBe('change_of_address');
    expectProblem(await verify(token, { ...owner, password: PASSWORD }), 401, 'invalid_credentials');
    const reset = { token, newPassword: PASSWORD };
    expectProblem(await world.client.post('/v1/auth/password/reset', reset), 401, 'invalid_token');
    const other = await register(world);
    const stranger = { token: other.accessToken };
    expectProblem(
      await world.client.post('/v1/auth/email/verify', { token }, stranger),
      403,
      'proof_required',
    );
    const own = await world.client.post('/v1/auth/email/verify', { token }, { token: owner.accessToken });
    expect(own.status).toBe(204);
    expect(await me(owner.accessToken)).toMatchObject({ email, emailVerified: true });
  });

  it('that its account leaves before it is verified keeps what the account has', async () => {
    const { id, code } = await enrolTotp(world, person.accessToken);
    const { body } = await activate(world, person.accessToken, id, code());
    const email = `left-${person.email}`;
    const token = (body.accessToken as string | undefined) ?? person.accessToken;
    expect((await change({ email }, token)).status).toBe(202);
    const link = await mailedToken(world, email, 'verify-email');
    expect((await verify(link)).status).toBe(204);
    expect(await me()).toMatchObject({ email, emailVerified: true, twoFactorEnabled: true });
  });

  it('says where a second factor goes: in the answer, in a mail, and at the next login until there is another', async () => {
    const { id, code } = await enrolTotp(world, person.accessToken);
    await activate(world, person.accessToken, id, code());
    const link = await mailedToken(world, person.email, 'verify-email');
    const gone = await world.client.post('/v1/auth/password/reset', { token: link, newPassword: PASSWORD });
    expect(gone.status).toBe(204);
    expect(gone.headers.get('second-factor-removed')).toBe('?1');
    const { body } = await passwordLogin(world, { ...person, password: PASSWORD });
    expect(body.user.secondFactorRemovedAt).toBe(world.clock.now().toISOString());
    await eventually(async () =>
      (await mailsTo(world, person.email)).some(({ text }) =>
        text.includes('second factor of the account was'),
      ),
    );
    world.clock.advance(30_000);
    const token = body.accessToken as string;
    const next = await enrolTotp(world, token);
    expect((await activate(world, token, next.id, next.code())).status).toBe(200);
    expect(await me(token)).not.toHaveProperty('secondFactorRemovedAt');
  });

  it('promises a second factor in the mail of a forgotten password to those who have one that stays', async () => {
    const asked = async (email: string, count = 1): Promise<string> => {
      await world.client.post('/v1/auth/password/forgot', { email });
      await mailedToken(world, email, 'reset-password', count);
      return (await mailsTo(world, email)).find(({ text }) => text.includes('rst_'))?.text ?? '';
    };
    const [stays, goes] = ['second factor will still be asked for', 'never confirmed'];
    const unverified = await asked(person.email);
    expect([unverified.includes(stays), unverified.includes(goes)]).toEqual([false, true]);
    const owner = await verified();
    const without = await asked(owner.email, 2);
    expect([without.includes(stays), without.includes(goes)]).toEqual([false, false]);
    const { id, code } = await enrolTotp(world, owner.accessToken);
    await activate(world, owner.accessToken, id, code());
    const withFactor = await asked(owner.email, 3);
    expect([withFactor.includes(stays), withFactor.includes(goes)]).toEqual([true, false]);
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

  it('the newest five registrations of an address wait, each in a link of its own', async () => {
    const email = 'often@example.com';
    const passwords = Array.from({ length: 8 }, (_, nth) => `lantern number ${nth} of quartz`);
    const links: string[] = [];
    for (const [nth, password] of passwords.entries()) {
      expect((await enrol(email, password)).status).toBe(202);
      links.push(await mailedToken(world, email, 'verify-email', nth + 1));
    }
    await settled();
    const asked = await Promise.all(
      links.map((token) => world.client.post('/v1/auth/email/verify', { token })),
    );
    // The account's own is one of them: it has the first one's password.
    expect(asked.map(({ status }) => status)).toEqual([403, 401, 401, 401, 403, 403, 403, 403]);
    expect((await verify(links[7] ?? '', passwords[7])).status).toBe(204);
    expect((await passwordLogin(world, { email, password: passwords[7] ?? '' })).status).toBe(200);
    expectProblem(await verify(links[0] ?? '', passwords[0]), 401, 'invalid_token');
  });

  it('tells the address once that what others had there has ended, in the language of the one who stays', async () => {
    const email = 'shared@example.com';
    await enrol(email);
    await mailedToken(world, email, 'verify-email');
    const second = { email, password: 'another lantern 9 quartz', locale: 'de', displayName: 'Zwei' };
    await world.client.post('/v1/auth/register', second);
    const link = await mailedToken(world, email, 'verify-email', 2);
    expect((await verify(link, second.password)).status).toBe(204);
    await settled();
    const subjects = (await mailsTo(world, email)).map(({ subject }) => subject);
    expect(subjects).toEqual([
      'Countersign: Ihre E-Mail-Adresse ist bestätigt',
      'Countersign: Bestätigen Sie Ihre E-Mail-Adresse',
      'Countersign: confirm your e-mail address',
    ]);
    const { body } = await passwordLogin(world, second);
    expect(body.user).toMatchObject({ displayName: 'Zwei', locale: 'de', emailVerified: true });
    const [row] = await sql(world.databaseUrl, `SELECT id FROM mailed_links WHERE email = $1`, [email]);
    expect(row).toBeUndefined();
  });

  it('a registration that was mailed too late, when another one was verified, is told that there is an account', async () => {
    const email = 'late@example.com';
    await enrol(email);
    const link = await mailedToken(world, email, 'verify-email');
    expect((await verify(link)).status).toBe(204);
    await enrol(email, 'another lantern 9 quartz');
    await settled();
    const [newest] = await mailsTo(world, email);
    expect(newest?.subject).toBe('Countersign: you have an account already');
    const kept = await sql(world.databaseUrl, `SELECT id FROM mailed_links WHERE email = $1`, [email]);
    expect(kept).toEqual([]);
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
