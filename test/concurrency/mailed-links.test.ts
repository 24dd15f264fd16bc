import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setPolicy } from '../factories/accounts.js';
import type { Answer } from '../factories/client.js';
import { atOnce, HAS_REDIS, type Pair, startPair, tally } from '../factories/pair.js';
import { type Person, register } from '../factories/people.js';
import { eventually } from '../factories/process.js';
import { type MailServer, recipientsOf, startMailServer } from '../factories/smtp.js';
import { sql } from '../factories/sql.js';

const PEOPLE = 20;

// Skipped without a Redis, which two instances cannot do without; CI has one.
describe.skipIf(!HAS_REDIS)('mails with links, on two instances', () => {
  let server: MailServer;
  let pair: Pair;
  beforeAll(async () => {
    server = await startMailServer();
    pair = await startPair({ ...server.env, ROLE: 'all', RATE_LIMIT_MAIL: '3/1h' });
  });
  afterAll(async () => {
    await pair.stop();
    await server.stop();
  });

  const registerAt = (turn: number): Promise<Person> => register({ client: pair.client(turn) });
  const mailsTo = (email: string): string[] =>
    server.taken.flatMap((mail) => (recipientsOf(mail).includes(email) ? [mail.text ?? ''] : []));
  const allSent = (): Promise<void> =>
    eventually(async () => {
      const waiting = await sql(
        pair.world.databaseUrl,
        `SELECT id FROM mailed_links WHERE due_at IS NOT NULL`,
      );
      return waiting.length === 0;
    });
  const resetTokenTo = (email: string): string =>
    mailsTo(email)
      .map((text) => /^rst_\S+$/m.exec(text)?.[0])
      .find((token) => token !== undefined) ?? '';

  it('are sent once each, whoever was asked', async () => {
    const people = await atOnce(PEOPLE, (turn) => registerAt(turn));
    await allSent();
    expect(people.map(({ email }) => mailsTo(email).length)).toEqual(people.map(() => 1));
  });

  it('that a worker let fall are sent by another, and only the newest link opens', async () => {
    const { email, password } = await registerAt(0);
    await allSent();
    const [first = ''] = mailsTo(email);
    // As if the worker had died after the mail had left, and before it wrote that down.
    await sql(pair.world.databaseUrl, `UPDATE mailed_links SET due_at = now() WHERE email = $1`, [email]);
    await eventually(() => mailsTo(email).length === 2);
    await allSent();
    const [, second = ''] = mailsTo(email);
    const verify = (text: string): Promise<Answer> =>
      pair.client(1).post('/v1/auth/email/verify', { token: /^vfy_\S+$/m.exec(text)?.[0], password });
    expect((await verify(first)).status).toBe(401);
    expect((await verify(second)).status).toBe(204);
  });

  it('are three an hour, however many ask at once', async () => {
    const { email } = await registerAt(0);
    const answers = await atOnce(20, (turn) => pair.client(turn).post('/v1/auth/password/forgot', { email }));
    expect(tally(answers)).toEqual({ 202: 20 });
    await allSent();
    expect(mailsTo(email)).toHaveLength(3);
  });

  it('make an address the one’s or the other’s when two registrations of it are verified at once', async () => {
    await setPolicy(pair.world, { requireVerifiedEmail: true });
    const outcomes = new Set<number>();
    for (let turn = 0; turn < 6; turn += 1) {
      const email = `rivals-${turn}@example.com`;
      const passwords = ['plum quartz 77 lantern', 'another lantern 9 quartz'];
      const registered = await atOnce(2, (nth) =>
        pair.client(nth).post('/v1/auth/register', { email, password: passwords[nth] }),
      );
      expect(tally(registered)).toEqual({ 202: 2 });
      await allSent();
      const tokens = mailsTo(email).map((text) => /^vfy_\S+$/m.exec(text)?.[0]);
      expect(tokens).toHaveLength(2);
      // Which mail is whose is not told: each password opens one link.
      const answers = await Promise.all(
        tokens.flatMap((token) =>
          passwords.map((password, nth) =>
            pair.client(turn + nth).post('/v1/auth/email/verify', { token, password }),
          ),
        ),
      );
      expect(tally(answers)[204]).toBe(1);
      expect(answers.every(({ status }) => status === 204 || status === 401)).toBe(true);
      const won = answers.findIndex(({ status }) => status === 204) % 2;
      outcomes.add(won);
      const logins = await Promise.all(
        passwords.map((password) => pair.client(turn).post('/v1/auth/login', { email, password })),
      );
      expect(logins.map(({ status }) => status)).toEqual(won === 0 ? [200, 401] : [401, 200]);
    }
    await setPolicy(pair.world, {});
  });

  it('take five passwords, however many come at once', async () => {
    const { email, password } = await registerAt(0);
    await allSent();
    const token = /^vfy_\S+$/m.exec(mailsTo(email)[0] ?? '')?.[0];
    const guesses = await atOnce(20, (turn) =>
      pair.client(turn).post('/v1/auth/email/verify', { token, password: `wrong lantern ${turn}` }),
    );
    const wrong = guesses.filter(({ body }) => body.code === 'invalid_credentials');
    expect(wrong).toHaveLength(5);
    expect(tally(guesses)).toEqual({ 401: 20 });
    expect((await pair.client(0).post('/v1/auth/email/verify', { token, password })).status).toBe(401);
  });

  it('reset a password once, when both are asked at once', async () => {
    const { email } = await registerAt(0);
    await pair.client(0).post('/v1/auth/password/forgot', { email });
    await eventually(() => resetTokenTo(email) !== '');
    await allSent();
    const token = resetTokenTo(email);
    const answers = await atOnce(10, (turn) =>
      pair
        .client(turn)
        .post('/v1/auth/password/reset', { token, newPassword: `plum quartz 77 lantern ${turn}` }),
    );
    expect(tally(answers)).toEqual({ 204: 1, 401: 9 });
  });
});
