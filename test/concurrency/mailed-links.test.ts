import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
