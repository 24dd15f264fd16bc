import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin } from '../../apps/api/src/cli/admin.command.js';
import { type Command, UsageError } from '../../apps/api/src/cli/command.js';
import { migrate } from '../../apps/api/src/cli/migrate.command.js';
import { loadAppConfig } from '../../apps/api/src/config.js';
import { migrations } from '../../migrations/index.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { emptyDatabase } from '../factories/database.js';
import type { Answer } from '../factories/client.js';
import { beginLogin, type PersonWithTotp, register, registerWithTotp } from '../factories/people.js';
import { CLI, type Ending, runProcess } from '../factories/process.js';
import { eventsOf, sql } from '../factories/sql.js';

describe('the command line', () => {
  const masterKey = randomBytes(32).toString('base64');
  let databaseUrl: string;
  let world: TestApp;

  const env = () => ({ NODE_ENV: 'test', DATABASE_URL: databaseUrl, MASTER_KEY: masterKey });
  const cli = (args: readonly string[], input = ''): Promise<Ending> =>
    runProcess({ command: [process.execPath, CLI], args, input, env: env() });
  /** The same command in this process. @returns the lines that it says */
  const said = async (command: Command, args: readonly string[]): Promise<string> => {
    const lines: string[] = [];
    await command({ args, config: loadAppConfig(env()), say: (line) => lines.push(line) });
    return lines.join('\n');
  };

  beforeAll(async () => {
    databaseUrl = await emptyDatabase();
  });
  afterAll(() => world.stop());

  it('migrates, says what it applied, and that nothing is left the second time', async () => {
    const first = await cli(['migrate']);
    const names = migrations.map((Migration) => new Migration().name).join(', ');
    expect(first).toEqual({ code: 0, signal: null, output: `Applied ${names}.\n` });
    expect(await said(migrate, [])).toBe('Nothing to apply: the database is up to date.');
    world = await startTestApp({ databaseUrl, masterKey, redis: false });
  });

  it('makes an administrator with a random password that it shows once', async () => {
    const output = await said(admin, ['--email', 'Boss@Example.com']);
    const password = /^Password, shown once: (\S{20,})$/m.exec(output)?.[1];
    const login = await world.client.post('/v1/auth/login', { email: 'boss@example.com', password });
    expect(login).toMatchObject({ status: 200, body: { user: { role: 'admin' } } });
  });

  it('resets an account: a new password, an administrator now, sessions ended, the second factor kept', async () => {
    const person = await registerWithTotp(world);
    await sql(databaseUrl, `UPDATE users SET email_verified_at = now() WHERE email = $1`, [person.email]);
    const deviceToken = await trustedDevice(person);
    const opened = await beginLogin(world, person);
    const password = `another ${randomBytes(9).toString('hex')}`;
    const output = await said(admin, ['--email', person.email, '--password', password]);
    expect(output).not.toContain(password);

    const me = await world.client.get('/v1/me', { token: person.accessToken });
    expect(me).toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    const refreshed = await world.client.post('/v1/auth/refresh', { refreshToken: person.refreshToken });
    expect(refreshed.status).toBe(401);
    const old = await world.client.post('/v1/auth/login', {
      email: person.email,
      password: person.password,
    });
    expect(old.status).toBe(401);

    const late = await verify(opened.id, opened.tempToken, { code: person.code() });
    expect(late, 'a challenge from before').toMatchObject({ status: 401, body: { code: 'invalid_token' } });
    const begun = await world.client.post('/v1/auth/login', { email: person.email, password, deviceToken });
    expect(begun, 'the trusted device has ended').toMatchObject({ body: { status: 'challenge_required' } });
    const verified = await verify(begun.body.challenge.id as string, begun.body.tempToken as string, {
      code: person.code(),
    });
    expect(verified).toMatchObject({ status: 200, body: { user: { role: 'admin' } } });
    const types = (await eventsOf(databaseUrl, person.id)).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['user.updated', 'password.changed', 'session.revoked']));
  });

  it('clears an account whose address was never verified: it may be a stranger’s', async () => {
    const stranger = await registerWithTotp(world);
    await sql(databaseUrl, `UPDATE users SET display_name = 'Stranger' WHERE email = $1`, [stranger.email]);
    const deviceToken = await trustedDevice(stranger);
    const password = `another ${randomBytes(9).toString('hex')}`;
    const output = await said(admin, ['--email', stranger.email, '--password', password]);
    expect(output).toContain('second factors');
    const me = await world.client.get('/v1/me', { token: stranger.accessToken });
    expect(me.status).toBe(401);
    const login = await world.client.post('/v1/auth/login', { email: stranger.email, password, deviceToken });
    expect(login.body).toMatchObject({
      status: 'authenticated',
      user: { role: 'admin', emailVerified: true, twoFactorEnabled: false, displayName: 'Administrator' },
    });
    expect(login.body.user.secondFactorRemovedAt).toBeDefined();
    const types = (await eventsOf(databaseUrl, stranger.id)).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['factor.removed', 'device.revoked', 'session.revoked']));
  });

  it('takes a password from standard input', async () => {
    const person = await register(world);
    const password = `piped ${randomBytes(9).toString('hex')}`;
    const { code, output } = await cli(
      ['admin', '--email', person.email, '--password', '-'],
      `${password}\n`,
    );
    expect(code, output).toBe(0);
    expect(output).not.toContain(password);
    const login = await world.client.post('/v1/auth/login', { email: person.email, password });
    expect(login.status).toBe(200);
  });

  it.each([
    ['a password that the rules refuse', ['--email', 'a@example.com', '--password', 'password12'], 'common'],
    ['an address that is none', ['--email', 'nobody'], 'must be an e-mail address'],
    ['no address', [], '--email'],
    ['an unknown option', ['--email', 'a@example.com', '--pasword', 'x'], 'no other option'],
    ['an option without its value', ['--email', 'a@example.com', '--password'], 'arguments'],
    ['a stray argument, without repeating it', ['a@example.com', 'password12'], 'arguments'],
  ])('refuses %s and changes nothing', async (_what, args, complaint) => {
    const before = await counted();
    const refusal = await said(admin, args).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UsageError);
    const { message } = refusal as UsageError;
    expect(message).toContain(complaint);
    expect(message).not.toContain('password12');
    expect(await counted()).toEqual(before);
  });

  it('ends with code 2 and a way on for what it does not understand', async () => {
    const unknown = await cli(['rotate-everything']);
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.output).toBe('There is no such command.\nnpm run cli -- help tells what there is.\n');
    const stray = await cli(['migrate', 'now']);
    expect(stray).toMatchObject({ code: 2 });
    expect(stray.output).toContain('takes no arguments');
    expect(stray.output, 'what was typed may be a secret').not.toContain('now');
  });

  it.each([[['help']], [['admin', '--help']], [[]]])('tells what there is: %j', async (args) => {
    const { code, output } = await cli(args);
    expect(code).toBe(0);
    for (const word of ['migrate', 'admin', '--email', '--password']) expect(output).toContain(word);
  });

  it('says in a sentence why it cannot work', async () => {
    const { code, output } = await runProcess({
      command: [process.execPath, CLI, 'migrate'],
      env: { NODE_ENV: 'test', DATABASE_URL: 'postgres://someone:hidden-word@127.0.0.1:1/x' },
    });
    expect(code).toBe(1);
    expect(output).toMatch(/^DATABASE_URL: PostgreSQL cannot be used \(.*\)\. .*\n$/);
    expect(output).not.toContain('hidden-word');
  });

  const verify = (challengeId: string, token: string, answer: object): Promise<Answer> =>
    world.client.post(`/v1/challenges/${challengeId}/verify`, answer, { token });

  async function trustedDevice(person: PersonWithTotp): Promise<string> {
    const { id, tempToken } = await beginLogin(world, person);
    const { body } = await verify(id, tempToken, { code: person.code(), trustDevice: true });
    world.clock.advance(30_000);
    return body.deviceToken as string;
  }

  function counted(): Promise<unknown> {
    return sql(databaseUrl, `SELECT count(*), max(updated_at), max(security_epoch) FROM users`);
  }
});
