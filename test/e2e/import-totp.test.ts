import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as OTPAuth from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database, SYSTEM_ORIGIN } from '@countersign/core';
import { Applications, UserStore } from '@countersign/directory';
import { EnrolFactor, type EnrolFactorResult, FactorRegistry, type Subject } from '@countersign/factors';
import { startTestApp, type TestApp } from '../factories/app.js';
import { answer, factorsOf } from '../factories/factors.js';
import { beginLogin, type Person, register } from '../factories/people.js';
import { CLI, type Ending, runProcess } from '../factories/process.js';
import { eventsOf, uuidOf } from '../factories/sql.js';

const secretOf = (): string => new OTPAuth.Secret({ size: 20 }).base32;

describe('an authenticator secret that was made elsewhere', () => {
  const masterKey = randomBytes(32).toString('base64');
  let world: TestApp;
  let folder: string;
  beforeAll(async () => {
    world = await startTestApp({ masterKey, redis: false });
    folder = await mkdtemp(join(tmpdir(), 'countersign-import-'));
  });
  afterAll(async () => {
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const get = <T>(token: { readonly prototype: T }): T => world.app.get<T>(token as never, { strict: false });

  async function subjectOf(person: Person): Promise<Subject> {
    const database = get(Database);
    const userId = uuidOf(person.id);
    const securityEpoch = await database.transaction((tx) => get(UserStore).lock(tx, userId));
    const application = await get(Applications).bySlug();
    if (securityEpoch === undefined || application === undefined) throw new Error('gone');
    return { application, userId, securityEpoch, account: person.email, locale: null };
  }

  /** What a server's request becomes. */
  async function enrol(
    person: Person,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<EnrolFactorResult> {
    const registered = get(FactorRegistry).find('totp');
    if (registered === undefined) throw new Error('no TOTP');
    return get(EnrolFactor).run({
      whose: await subjectOf(person),
      registered,
      label: null,
      fields,
      by: 'server',
      begunBy: 'key_test',
      origin: SYSTEM_ORIGIN,
    });
  }

  const codeOf = (parameters: {
    secret: string;
    algorithm?: string;
    digits?: number;
    period?: number;
  }): string =>
    new OTPAuth.TOTP({ ...parameters, secret: OTPAuth.Secret.fromBase32(parameters.secret) }).generate({
      timestamp: world.clock.now().getTime(),
    });

  it.each([
    { algorithm: 'SHA1', digits: 6, period: 30 },
    { algorithm: 'SHA256', digits: 8, period: 30 },
    { algorithm: 'SHA512', digits: 8, period: 60 },
    { algorithm: 'SHA1', digits: 6, period: 60 },
  ] as const)('is active at once with %o, and its codes log in', async (parameters) => {
    const person = await register(world);
    const secret = secretOf();
    const result = await enrol(person, { import: { secret, ...parameters } });
    expect(result).toMatchObject({ outcome: 'enrolled', factor: { status: 'active', isDefault: true } });
    if (result.outcome !== 'enrolled') return;
    expect(result.show['backupCodes']).toHaveLength(10);
    expect(result.show['otpauthUri']).toContain(secret);
    const challenge = await beginLogin(world, person);
    const code = codeOf({ secret, ...parameters });
    expect((await answer(world, challenge, { code })).status).toBe(200);
    const types = (await eventsOf(world.databaseUrl, person.id)).map(({ type }) => type);
    expect(types).toEqual(
      expect.arrayContaining(['factor.enrolled', 'factor.activated', 'two_factor.enabled']),
    );
  });

  it('is read however it is spelled', async () => {
    const person = await register(world);
    const secret = secretOf();
    const spelled = `${secret.toLowerCase().replace(/(.{4})/g, '$1 ')}====`;
    expect(
      await enrol(person, { import: { secret: spelled, algorithm: 'sha-1', digits: 6, period: 30 } }),
    ).toMatchObject({
      outcome: 'enrolled',
    });
    const challenge = await beginLogin(world, person);
    expect((await answer(world, challenge, { code: codeOf({ secret }) })).status).toBe(200);
  });

  it('without an import is an enrolment like any other', async () => {
    expect(await enrol(await register(world), {})).toMatchObject({
      outcome: 'enrolled',
      factor: { status: 'pending' },
    });
  });

  it.each([
    [{ secret: 'JBSWY3DPEHPK3PX' }],
    [{ secret: 'JBSWY3DPEHPK3PX1' }],
    [{ secret: '' }],
    [{ secret: 'A'.repeat(200) }],
    [{ secret: 'JBSWY3DPEHPK3PXP', digits: 7 }],
    [{ secret: 'JBSWY3DPEHPK3PXP', period: 45 }],
    [{ secret: 'JBSWY3DPEHPK3PXP', algorithm: 'MD5' }],
    [{ secret: 'JBSWY3DPEHPK3PXP', unknown: 1 }],
    ['JBSWY3DPEHPK3PXP'],
  ])('is refused as %j', async (imported) => {
    expect(await enrol(await register(world), { import: imported })).toMatchObject({ outcome: 'malformed' });
  });

  describe('by the command line', () => {
    const cli = (args: readonly string[], input = ''): Promise<Ending> =>
      runProcess({
        command: [process.execPath, CLI],
        args: ['import-totp', ...args],
        input,
        env: { NODE_ENV: 'test', DATABASE_URL: world.databaseUrl, MASTER_KEY: masterKey },
      });

    it('belongs to the users that the file names, and is imported once', async () => {
      const [jo, mo] = [await register(world), await register(world)];
      const [first, second] = [secretOf(), secretOf()];
      const file = join(folder, 'list.csv');
      writeFileSync(
        file,
        [
          `${jo.email.toUpperCase()},otpauth://totp/Old:jo?secret=${first}`,
          `${mo.id},otpauth://totp/Old:mo?secret=${second}&algorithm=SHA256&digits=8`,
        ].join('\n'),
      );
      const dry = await cli(['--file', file, '--dry-run']);
      expect(dry).toMatchObject({ code: 0, output: expect.stringContaining('2 of 2 could be imported.') });
      expect(await factorsOf(world, jo.accessToken)).toEqual([]);

      const ending = await cli(['--file', file]);
      expect(ending).toMatchObject({ code: 0, output: expect.stringContaining('2 of 2 imported.') });
      expect(ending.output).not.toContain(first);
      expect(
        (await answer(world, await beginLogin(world, jo), { code: codeOf({ secret: first }) })).status,
      ).toBe(200);
      const code = codeOf({ secret: second, algorithm: 'SHA256', digits: 8 });
      const login = await answer(world, await beginLogin(world, mo), { code });
      expect(login.status).toBe(200);
      const factors = await factorsOf(world, login.body.accessToken);
      expect(factors.map(({ type, status }) => `${type} ${status}`)).toEqual(['totp active']);

      const again = await cli(['--file', file]);
      expect(again.output).toMatch(/line 1, .*: it was there already/);
      expect(await factorsOf(world, login.body.accessToken)).toHaveLength(1);
    });

    it('tells what was not imported, and ends with 1', async () => {
      const person = await register(world);
      const secret = secretOf();
      const list = [
        `nobody@example.com,otpauth://totp/x?secret=${secret}`,
        `${person.email},otpauth://hotp/x?secret=${secret}&counter=1`,
        `${person.email},otpauth://totp/x?secret=GEZDGNBV`,
        `${person.email},otpauth://totp/x?secret=${secret}`,
      ].join('\n');
      const { code, output } = await cli(['--file', '-'], list);
      expect(code).toBe(1);
      expect(output).toContain('line 1, nobody@example.com: there is no such active user');
      expect(output).toMatch(/line 2, .*: it counts presses \(HOTP\), not time/);
      expect(output).toMatch(/line 3, .*: import\.secret must be base32 of at least 80 bits/);
      expect(output).toMatch(/imported: line 4, .* as fac_/);
      expect(output).toContain('1 of 4 imported, 3 not.');
      expect(output).not.toContain(secret);
    });

    it.each([
      [[], /needs --file PATH/],
      [['--file', '/nowhere/list'], /cannot be read/],
      [['otpauth://totp/x?secret=JBSWY3DPEHPK3PXP'], /never from here/],
      [['--file', '-', '--application', 'nobody', '--user', 'x'], /there is no “nobody”/],
    ])('does not understand %j', async (args, sentence) => {
      const { code, output } = await cli(args, `otpauth://totp/x?secret=${secretOf()}`);
      expect({ code, said: sentence.test(output) }, output).toEqual({ code: 2, said: true });
      expect(output).not.toContain('JBSWY3DPEHPK3PXP');
    });
  });
});
