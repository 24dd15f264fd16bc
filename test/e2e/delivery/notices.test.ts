import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ParsedMail } from 'mailparser';
import { setPolicy } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { addTotp, answer, beginStepUp, stepUp } from '../../factories/factors.js';
import {
  beginLogin,
  logIn,
  type PersonWithTotp,
  register,
  registerWithTotp,
} from '../../factories/people.js';
import { eventually } from '../../factories/process.js';
import { startReceiver } from '../../factories/receivers.js';
import { makeAdministrator, makeServer, newExternalId } from '../../factories/servers.js';
import { type MailServer, recipientsOf, startMailServer } from '../../factories/smtp.js';
import { eventsOf, sql } from '../../factories/sql.js';

describe('the owner of an account is told by mail', () => {
  let server: MailServer;
  let world: TestApp;
  beforeAll(async () => {
    server = await startMailServer();
    world = await startTestApp({ env: { ...server.env, ROLE: 'all' } });
  });
  afterAll(async () => {
    await world.stop();
    await server.stop();
  });

  // All but the one that a new account's address is verified by.
  const mailsTo = (email: string): ParsedMail[] =>
    server.taken.filter(
      (mail) => recipientsOf(mail).includes(email) && !/confirm|Bestätigen/.test(mail.subject ?? ''),
    );
  const told = (email: string, subject: RegExp): Promise<ParsedMail> =>
    server.mailTo(email, (mail) => subject.test(mail.subject ?? ''));
  /** Waits until everything that has happened so far was handed on. */
  const caughtUp = async (): Promise<void> => {
    await eventually(async () => {
      const [row] = await sql<{ behind: number }>(
        world.databaseUrl,
        `SELECT (SELECT count(*)::integer FROM events, relay_positions
                  WHERE subscriber = 'notices' AND (events.tx, events.id) > (relay_positions.tx, event_id))
              + (SELECT count(*)::integer FROM pgboss.job WHERE name = 'notices' AND state < 'completed') AS behind`,
      );
      return row?.behind === 0;
    });
  };
  const useBackupCode = async (person: PersonWithTotp, nth: number): Promise<void> => {
    const { status } = await answer(world, await beginLogin(world, person), {
      code: person.backupCodes[nth],
    });
    expect(status).toBe(200);
  };

  it('when a factor is added, once, though backup codes came with it', async () => {
    const person = await registerWithTotp(world);
    const mail = await told(person.email, /second factor was added \(authenticator app\)/);
    expect(mail.text).toContain('Countersign account: authenticator app');
    expect(mail.text).toMatch(/Time: \d{4}-\d\d-\d\d \d\d:\d\d UTC · Address: 127\.0\.0\.1 · Program: node/);
    expect(mail.text).toContain('If this was not you');
    await caughtUp();
    expect(mailsTo(person.email)).toHaveLength(1);
  });

  it('when a factor is removed, once, though its backup codes went with it', async () => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    await world.client.delete(`/v1/me/factors/${person.factorId}`, { token });
    await told(person.email, /second factor was removed \(authenticator app\)/);
    await caughtUp();
    expect(mailsTo(person.email)).toHaveLength(2);
  });

  it('when new backup codes are made', async () => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    await world.client.post('/v1/me/factors', { type: 'backup_code' }, { token });
    await told(person.email, /second factor was added \(backup codes\)/);
  });

  it('when a backup code is used, and when few are left', async () => {
    const person = await registerWithTotp(world);
    await useBackupCode(person, 0);
    const used = await told(person.email, /a backup code was used/);
    expect(used.text).toContain('Codes left: 9.');
    for (let nth = 1; nth < 7; nth += 1) await useBackupCode(person, nth);
    const low = await told(person.email, /backup codes are running low/);
    expect(low.text).toContain('Codes left: 3.');
    await caughtUp();
    // One for the factor, six for codes, and the seventh is the one that told that they run low.
    expect(mailsTo(person.email)).toHaveLength(8);
  });

  it('when the password changes', async () => {
    const person = await register(world);
    const body = { currentPassword: person.password, newPassword: 'plum quartz 77 lantern' };
    await world.client.post('/v1/auth/password/change', body, { token: person.accessToken });
    const mail = await told(person.email, /your password was changed/);
    expect(mail.text).toContain('Other sessions have ended.');
    await caughtUp();
    expect(mailsTo(person.email)).toHaveLength(1);
  });

  it('when a spent refresh token comes back', async () => {
    const person = await registerWithTotp(world);
    const session = await logIn(world, person);
    let { refreshToken } = session;
    for (let turns = 0; turns < 2; turns += 1) {
      world.clock.advance(60_000);
      const { body } = await world.client.post('/v1/auth/refresh', { refreshToken });
      refreshToken = body.refreshToken as string;
    }
    await world.client.post('/v1/auth/refresh', { refreshToken: session.refreshToken });
    await told(person.email, /a session was ended for your safety/);
  });

  it("in their own language, and in the issuer's name, which begins no line and no tag", async () => {
    const person = await register(world);
    await world.client.patch('/v1/me', { locale: 'ka-GE' }, { token: person.accessToken });
    await sql(world.databaseUrl, `UPDATE applications SET issuer = $1`, ['<b>Acme</b>\r\nBcc: x@y.z']);
    world.clock.advance(6_000);
    try {
      const enrolled = await world.client.post(
        '/v1/me/factors',
        { type: 'email' },
        { token: person.accessToken },
      );
      const mail = await told(person.email, /\d{6}/);
      const code = /\d{6}/.exec(mail.subject ?? '')?.[0];
      await world.client.post(
        `/v1/me/factors/${enrolled.body.id}/activate`,
        { code },
        { token: person.accessToken },
      );
      const notice = await told(person.email, /დაემატა მეორე ფაქტორი \(ელფოსტა\)/);
      expect(notice.subject).toMatch(/^<b>Acme<\/b> Bcc: x@y\.z: /);
      expect(notice.bcc).toBeUndefined();
      expect(notice.html).toContain('&lt;b&gt;Acme');
    } finally {
      await sql(world.databaseUrl, `UPDATE applications SET issuer = 'Countersign'`);
      world.clock.advance(6_000);
    }
  });

  it('not where the application has switched a notice off, and of the others all the same', async () => {
    await setPolicy(world, { notices: { factorAdded: false } });
    try {
      const person = await registerWithTotp(world);
      await useBackupCode(person, 0);
      await told(person.email, /a backup code was used/);
      await caughtUp();
      expect(mailsTo(person.email)).toHaveLength(1);
    } finally {
      await setPolicy(world, {});
    }
  });

  it('again where the mail server was away, and only then', async () => {
    const person = await register(world);
    await told(person.email, /confirm/);
    server.behave('refuse', 'accept');
    await addTotp(world, person.accessToken);
    await eventually(async () => {
      const [row] = await sql<{ count: number }>(
        world.databaseUrl,
        `SELECT count(*)::integer AS count FROM pgboss.job WHERE name = 'notices' AND state = 'retry'`,
      );
      return row?.count === 1;
    });
    expect(mailsTo(person.email)).toEqual([]);
    await sql(world.databaseUrl, `UPDATE pgboss.job SET start_after = now() WHERE state = 'retry'`);
    await told(person.email, /second factor was added/);
    await caughtUp();
    expect(mailsTo(person.email)).toHaveLength(1);
  });

  it('not any more who was erased before the mail went out', async () => {
    const fresh = await register(world);
    await told(fresh.email, /confirm/);
    server.behave('refuse', 'accept');
    const { id: factorId, code } = await addTotp(world, fresh.accessToken);
    const person = { ...fresh, factorId, code, backupCodes: [] };
    await eventually(async () => {
      const rows = await sql(world.databaseUrl, `SELECT id FROM pgboss.job WHERE state = 'retry'`);
      return rows.length === 1;
    });
    const token = await stepUp(world, person);
    expect((await world.client.delete('/v1/me', { token })).status).toBe(204);
    await sql(world.databaseUrl, `UPDATE pgboss.job SET start_after = now() WHERE state = 'retry'`);
    await caughtUp();
    expect(mailsTo(person.email)).toEqual([]);
  });

  it('of nothing that a wrong answer did', async () => {
    const person = await registerWithTotp(world);
    await told(person.email, /second factor was added/);
    const challenge = await beginStepUp(world, (await logIn(world, person)).accessToken);
    await answer(world, challenge, { code: '000000' });
    await caughtUp();
    expect(mailsTo(person.email)).toHaveLength(1);
    expect((await eventsOf(world.databaseUrl, person.id)).length).toBeGreaterThan(5);
  });

  it('by jobs that hold no address, no code and no token', async () => {
    const rows = await sql<{ data: object }>(
      world.databaseUrl,
      `SELECT data FROM pgboss.job WHERE name = 'notices'`,
    );
    expect(rows.length).toBeGreaterThan(5);
    for (const { data } of rows) expect(Object.keys(data).sort()).toEqual(['at', 'eventId', 'notice']);
    expect(JSON.stringify(rows)).not.toContain('@');
  });
});

describe('the administrators of an application are told by mail', () => {
  let server: MailServer;
  let world: TestApp;
  beforeAll(async () => {
    server = await startMailServer();
    const env = { ...server.env, ROLE: 'all', WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' };
    world = await startTestApp({ env });
  });
  afterAll(async () => {
    await world.stop();
    await server.stop();
  });

  it('when a webhook of theirs was disabled, each of them, and nobody else', async () => {
    const [first, second] = [await makeAdministrator(world), await makeAdministrator(world)];
    const person = await register(world);
    const key = await makeServer(world, { administrator: first });
    const receiver = await startReceiver((_request, response) => response.writeHead(410).end());
    const made = await key.post('/v1/webhooks', { url: receiver.url, events: ['user.created'] });
    await key.put(`/v1/users/${newExternalId()}`, {});
    for (const { email } of [first, second]) {
      const mail = await server.mailTo(
        email,
        ({ subject }) => subject === 'Countersign: a webhook was disabled',
      );
      expect(mail.text).toContain(made.body.id);
      expect(mail.text).toContain('410');
    }
    const told = server.taken.filter((mail) => recipientsOf(mail).includes(person.email));
    expect(told.filter(({ subject }) => subject?.includes('webhook') === true)).toEqual([]);
    await receiver.stop();
  });
});
