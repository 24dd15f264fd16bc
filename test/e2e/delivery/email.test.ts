import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Secret } from '@countersign/core';
import { EmailSender, type Email } from '@countersign/delivery';
import { SmtpSender } from '../../../libs/delivery/src/email/smtp.sender.js';
import { expectProblem } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { enrolCodes } from '../../factories/codes.js';
import { activate, answer, factorsOf } from '../../factories/factors.js';
import { register } from '../../factories/people.js';
import { type MailServer, startMailServer } from '../../factories/smtp.js';
import { sql } from '../../factories/sql.js';
import { warningsOf } from '../../factories/warnings.js';

const CODE = /\b\d{6}\b/;

describe('e-mail through an SMTP server', () => {
  let server: MailServer;
  let world: TestApp;
  beforeAll(async () => {
    server = await startMailServer();
    world = await startTestApp({ env: server.env });
  });
  afterEach(() => server.behave('accept'));
  afterAll(async () => {
    await world.stop();
    await server.stop();
  });

  const newest = (): string => CODE.exec(server.taken.at(-1)?.subject ?? '')?.[0] ?? '';
  const setIssuer = (issuer: string): Promise<unknown> => {
    world.clock.advance(6_000);
    return sql(world.databaseUrl, `UPDATE applications SET issuer = $1`, [issuer]);
  };

  it('enrols and logs in, by codes that came over the wire', async () => {
    const person = await register(world);
    const enrolled = await enrolCodes(world, person.accessToken, { email: person.email });
    expect(enrolled.status).toBe(201);
    expect((await activate(world, person.accessToken, enrolled.body.id, newest())).status).toBe(200);
    const login = await world.client.post('/v1/auth/login', {
      email: person.email,
      password: person.password,
    });
    const challenge = { id: login.body.challenge.id as string, tempToken: login.body.tempToken as string };
    expect((await answer(world, challenge, { code: newest() })).status).toBe(200);
  });

  it('says the code first, in text and in HTML, from the name in MAIL_FROM', async () => {
    const person = await register(world);
    await enrolCodes(world, person.accessToken, { email: person.email });
    const mail = server.taken.at(-1);
    const code = newest();
    expect(mail?.subject).toBe(`${code} is your Countersign code`);
    expect(mail?.from?.value).toEqual([{ name: 'Acme', address: 'no-reply@acme.example' }]);
    expect(mail?.text).toContain(code);
    expect(mail?.html).toContain(`>${code}</p>`);
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail?.messageId).toMatch(/^<[0-9a-f-]{36}@acme\.example>$/);
  });

  it('escapes the issuer in HTML, and lets it begin no line', async () => {
    await setIssuer('A<b>&"c"\r\nBcc: all@example.com');
    try {
      const person = await register(world);
      await enrolCodes(world, person.accessToken, { email: person.email });
      const mail = server.taken.at(-1);
      expect(mail?.subject).toMatch(/^\d{6} is your A<b>&"c" Bcc: all@example\.com code$/);
      expect(mail?.bcc).toBeUndefined();
      expect(mail?.html).toContain('A&lt;b&gt;&amp;&quot;c&quot;');
      expect(mail?.html).not.toContain('<b>');
    } finally {
      await setIssuer('Countersign');
      world.clock.advance(6_000);
    }
  });

  it.each([
    ['x@müller.de', 'x@xn--mller-kva.de'],
    ['x@почта.рф', 'x@xn--80a1acny.xn--p1ai'],
    ['é@müller.de', 'é@xn--mller-kva.de'],
    ['a&b#/=%~!*{}@example.com', 'a&b#/=%~!*{}@example.com'],
  ])('goes to %s as %s', async (email, recipient) => {
    const person = await register(world);
    const { status, body } = await enrolCodes(world, person.accessToken, { email });
    expect(status).toBe(201);
    expect(server.recipients.at(-1)).toBe(recipient);
    const [first = '', domain = ''] = [[...email][0], email.split('@')[1]];
    const masked = `${first}•••@${[...domain][0] ?? ''}•••.${domain.split('.').at(-1) ?? ''}`;
    expect(body.sentTo).toBe(masked);
    expect((await activate(world, person.accessToken, body.id, newest())).status).toBe(200);
  });

  it('a server that refuses letters beyond ASCII is said to need SMTPUTF8, without the address', async () => {
    server.behave('refuse');
    const warnings = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const person = await register(world);
    const refused = await enrolCodes(world, person.accessToken, { email: 'tochtér@example.com' });
    const said = JSON.stringify(warnings.mock.calls);
    warnings.mockRestore();
    expectProblem(refused, 502, 'delivery_failed');
    expect(said).toContain('SMTPUTF8');
    expect(said).not.toContain('tocht');
  });

  it('a server that refuses the recipient is a failed delivery, and is not asked again', async () => {
    server.behave('refuse');
    const before = server.taken.length;
    const person = await register(world);
    const refused = await enrolCodes(world, person.accessToken, { email: person.email });
    expectProblem(refused, 502, 'delivery_failed');
    expect(await factorsOf(world, person.accessToken)).toEqual([]);
    expect(server.taken).toHaveLength(before);
  });

  it('a server that took the message and never said so has sent it, once', async () => {
    server.behave('accept-silently', 'accept');
    const before = server.taken.length;
    const person = await register(world);
    const { status, body } = await enrolCodes(world, person.accessToken, { email: person.email });
    expect(status).toBe(201);
    expect(server.taken).toHaveLength(before + 1);
    expect((await activate(world, person.accessToken, body.id, newest())).status).toBe(200);
  });

  it('a message is tried again with the same Message-ID', async () => {
    const email: Email = {
      to: 'twice@example.com',
      fromName: 'Acme',
      subject: 'Twice',
      text: 'twice',
      html: '<p>twice</p>',
      id: '019b0000-0000-7000-8000-000000000001',
    };
    const sender = world.app.get(EmailSender);
    await sender.send(email);
    await sender.send(email);
    const ids = server.taken.slice(-2).map(({ messageId }) => messageId);
    expect(new Set(ids).size).toBe(1);
  });
});

describe('an SMTP server that', () => {
  it('is not there is a failed delivery', async () => {
    const gone = await startMailServer();
    await gone.stop();
    const world = await startTestApp({ env: gone.env });
    try {
      const person = await register(world);
      const { result, warnings } = await warningsOf(() =>
        enrolCodes(world, person.accessToken, { email: person.email }),
      );
      expectProblem(result, 502, 'delivery_failed');
      expect(warnings).toContain(`a message was not taken (ECONNREFUSED 127.0.0.1:${gone.port})`);
      expect(warnings.join()).not.toContain(person.email);
    } finally {
      await world.stop();
    }
  });

  it('cuts the first connection is asked once more', async () => {
    const server = await startMailServer();
    const world = await startTestApp({ env: server.env });
    try {
      server.behave('cut', 'accept');
      const person = await register(world);
      const { status } = await enrolCodes(world, person.accessToken, { email: person.email });
      expect({ status, connections: server.connections() }).toEqual({ status: 201, connections: 2 });
      expect(server.taken).toHaveLength(1);
    } finally {
      await world.stop();
      await server.stop();
    }
  });

  it('offers no encryption is sent nothing, unless it is on this machine', async () => {
    const server = await startMailServer();
    // Every address of this machine, and so no loopback address by its form.
    const env = { ...server.env, SMTP_URL: `smtp://0.0.0.0:${server.port}` };
    const world = await startTestApp({ env });
    try {
      const person = await register(world);
      expectProblem(
        await enrolCodes(world, person.accessToken, { email: person.email }),
        502,
        'delivery_failed',
      );
      expect(server.connections()).toBeGreaterThan(0);
      expect(server.taken).toEqual([]);
    } finally {
      await world.stop();
      await server.stop();
    }
  });

  it('shows a certificate that nobody vouches for is not trusted', async () => {
    const server = await startMailServer({ secure: true });
    const env = { ...server.env, SMTP_URL: `smtps://127.0.0.1:${server.port}` };
    const world = await startTestApp({ env });
    try {
      const person = await register(world);
      const { result, warnings } = await warningsOf(() =>
        enrolCodes(world, person.accessToken, { email: person.email }),
      );
      expectProblem(result, 502, 'delivery_failed');
      expect(warnings.join()).toMatch(
        /\((?:CERT_HAS_EXPIRED|DEPTH_ZERO_SELF_SIGNED_CERT) 127\.0\.0\.1:\d+\)/,
      );
      expect(server.taken).toEqual([]);
    } finally {
      await world.stop();
      await server.stop();
    }
  });

  it('wants a password gets the one that the URL spells', async () => {
    const seen: unknown[] = [];
    const server = await startMailServer({
      disabledCommands: ['STARTTLS'],
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, done) {
        seen.push({ username, password });
        done(null, { user: username });
      },
    });
    const env = {
      SMTP_URL: `smtp://jo%40acme.example:p%2Fw%3A@127.0.0.1:${server.port}`,
      MAIL_FROM: 'no-reply@acme.example',
    };
    const world = await startTestApp({ env });
    try {
      const person = await register(world);
      expect((await enrolCodes(world, person.accessToken, { email: person.email })).status).toBe(201);
      expect(seen).toEqual([{ username: 'jo@acme.example', password: 'p/w:' }]);
      // Without a name in MAIL_FROM, each application goes by its own.
      expect(server.taken[0]?.from?.value[0]?.name).toBe('Countersign');
    } finally {
      await world.stop();
      await server.stop();
    }
  });
});

describe('a mail that was given up', () => {
  // Its code is taken back and its caps are given back: were it to leave later, neither would be true.
  it('never leaves when its server wakes up', async () => {
    vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const heard: string[] = [];
    let accepted: Socket | undefined;
    const sleepy = createServer((socket) => {
      accepted = socket;
      socket.on('error', () => undefined);
      socket.on('data', (bytes: Buffer) => {
        heard.push(bytes.toString());
        socket.write(bytes.toString().startsWith('DATA') ? '354 go on\r\n' : '250 fine\r\n');
      });
    }).listen(0, '127.0.0.1');
    await once(sleepy, 'listening');
    const { port } = sleepy.address() as AddressInfo;
    const sender = new SmtpSender(
      { url: new Secret(`smtp://127.0.0.1:${port}`), from: 'no-reply@acme.example', fromName: undefined },
      300,
    );
    const sent = await sender.send({
      to: 'jo@example.com',
      fromName: 'Acme',
      subject: 'late',
      text: 'late',
      html: '<p>late</p>',
      id: '01890000-0000-7000-8000-000000000000',
    });
    expect(sent).toEqual({ outcome: 'failed' });
    const woken = accepted;
    if (woken === undefined) throw new Error('nobody came');
    const over = new Promise<void>((resolve) => {
      woken.once('close', () => resolve());
      woken.on('data', (bytes: Buffer) => {
        if (bytes.toString().includes('RCPT')) resolve();
      });
    });
    if (!woken.closed) {
      woken.write('220 awake\r\n');
      await over;
    }
    await sender.close();
    woken.destroy();
    sleepy.close();
    expect(heard.join('')).not.toContain('RCPT');
  });
});
