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
import { NotDone, PartlyDone } from '../../apps/api/src/cli/command.js';
import { importTotp } from '../../apps/api/src/cli/import-totp.command.js';
import { migrationUri } from '../../apps/api/src/cli/migration-uri.fixture.js';
import { loadAppConfig } from '../../apps/api/src/config.js';
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
    { algorithm: 'SHA1', digits: 7, period: 15 },
    { algorithm: 'SHA1', digits: 6, period: 120 },
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
    [{ secret: 'JBSWY3DPEHPK3PXP', digits: 9 }],
    [{ secret: 'JBSWY3DPEHPK3PXP', digits: 6.5 }],
    [{ secret: 'JBSWY3DPEHPK3PXP', period: 14 }],
    [{ secret: 'JBSWY3DPEHPK3PXP', period: 121 }],
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

    /** The same in this process: its lines, and how it ends. */
    async function run(text: string, ...args: string[]): Promise<{ lines: string[]; ending: unknown }> {
      const file = join(folder, `${randomBytes(6).toString('hex')}.csv`);
      writeFileSync(file, text);
      const lines: string[] = [];
      const config = loadAppConfig({
        NODE_ENV: 'test',
        DATABASE_URL: world.databaseUrl,
        MASTER_KEY: masterKey,
      });
      const context = { args: ['--file', file, ...args], config, say: (line: string) => lines.push(line) };
      const ending: unknown = await importTotp(context).catch((error: unknown) => error);
      return { lines, ending };
    }

    it('belongs to the users that the file names, and is imported once', async () => {
      const [jo, mo] = [await register(world), await register(world)];
      const [first, second] = [secretOf(), secretOf()];
      const text = [
        `${jo.email.toUpperCase()},otpauth://totp/Old:jo?secret=${first}`,
        `${mo.id},otpauth://totp/Old:mo?secret=${second}&algorithm=SHA256&digits=8`,
      ].join('\n');
      const dry = await run(text, '--dry-run');
      expect(dry.lines).toEqual([
        'would import: line 1',
        'would import: line 2',
        '2 of 2 could be imported.',
      ]);
      expect(await factorsOf(world, jo.accessToken)).toEqual([]);

      const { code: exitCode, output } = await cli(['--file', '-'], text);
      expect(exitCode, output).toBe(0);
      expect(output).toMatch(
        /^imported: line 1 as fac_\w+\nimported: line 2 as fac_\w+\n2 of 2 imported\.\n$/,
      );
      expect(
        (await answer(world, await beginLogin(world, jo), { code: codeOf({ secret: first }) })).status,
      ).toBe(200);
      const code = codeOf({ secret: second, algorithm: 'SHA256', digits: 8 });
      const login = await answer(world, await beginLogin(world, mo), { code });
      expect(login.status).toBe(200);
      const factors = await factorsOf(world, login.body.accessToken);
      expect(factors.map(({ type, status }) => `${type} ${status}`)).toEqual(['totp active']);

      const again = await run(text);
      expect(again.lines).toContain('imported: line 1: it was there already');
      expect(await factorsOf(world, login.body.accessToken)).toHaveLength(1);
    });

    it('comes to what a dry run tells, word for word and code for code', async () => {
      const [person, full] = [await register(world), await register(world)];
      const [once, shared] = [secretOf(), secretOf()];
      const text = [
        `unknown@example.com,otpauth://totp/x?secret=${once}`,
        `${person.email},otpauth://hotp/x?secret=${once}&counter=1`,
        `${person.email},otpauth://totp/x?secret=GEZDGNBV`,
        `${person.email},otpauth://totp/x?secret=${once}&digits=5`,
        `${person.email},otpauth://totp/x?secret=${once}&period=10`,
        `${person.email},otpauth://totp/x?secret=${once}`,
        `${person.email},otpauth://totp/y?secret=${once.toLowerCase()}`,
        ...Array.from({ length: 21 }, () => `${full.email},otpauth://totp/x?secret=${secretOf()}`),
        `${person.email},otpauth://totp/x?secret=${shared}`,
        `${person.id},otpauth://totp/x?secret=${secretOf()}&encoder=steam`,
      ].join('\n');
      const dry = await run(text, '--dry-run');
      const wet = await run(text);
      const likened = wet.lines.map((line) =>
        line
          .replace(/^imported: /, 'would import: ')
          .replace(/ as fac_\w+/, '')
          .replace('of 30 imported', 'of 30 could be imported'),
      );
      expect(dry.lines).toEqual(likened);
      expect(dry.ending).toBeInstanceOf(PartlyDone);
      expect(wet.ending).toBeInstanceOf(PartlyDone);
      expect(wet.lines).toEqual(
        expect.arrayContaining([
          'not imported: line 1: there is no such active user',
          'not imported: line 2: it counts presses (HOTP), not time',
          'not imported: line 3: its secret must be base32 of at least 80 bits',
          'not imported: line 4: its digits must be 6, 7 or 8',
          'not imported: line 5: its period must be 15 to 120 seconds',
          'imported: line 7: it was there already',
          'not imported: line 28: the user has too many factors',
          'not imported: line 30: it has an encoder: its codes are not digits (Steam)',
          '23 of 30 imported, 7 not.',
        ]),
      );
      const none = `unknown@example.com,otpauth://totp/x?secret=${secretOf()}`;
      expect((await run(none, '--dry-run')).ending).toBeInstanceOf(NotDone);
      expect((await run(none)).ending).toBeInstanceOf(NotDone);
    });

    it('says where two users have one secret', async () => {
      const [jo, mo] = [await register(world), await register(world)];
      const secret = secretOf();
      const uri = `otpauth://totp/x?secret=${secret}`;
      const { lines } = await run(`${jo.email},${uri}\n${mo.email},${uri}`, '--dry-run');
      expect(lines[1]).toBe('would import: line 2: another user has the same secret, on line 1');
    });

    it('repeats nothing of a line but its number, whatever stands in it', async () => {
      const { email } = await register(world);
      const [password, ...secrets] = ['hunter2-Correct-Horse', secretOf(), secretOf(), secretOf()];
      const [first = '', second = '', third = ''] = secrets;
      const migration = migrationUri([
        { secret: OTPAuth.Secret.fromBase32(third).bytes, name: 'MyEntryName' },
      ]);
      const list = [
        'folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp',
        `MyFolder,,login,MyBank,,,0,https://mybank.example,${email},${password},otpauth://totp/x?secret=${first}`,
        `"${email}","${password}","otpauth://totp/x?secret=${first}"`,
        `${email} ${password} otpauth://totp/x?secret=${first}`,
        `${email},otpauth://totp/x?secret=${first} otpauth://totp/y?secret=${second}`,
        `${email},otpauth://totp/x?secret=${first}&secret=${second}`,
        `${email},otpauth://totp/x?secret=${password}`,
        `${email},${second}`,
        `"${email}","otpauth://totp/MyBank:MyLabel?secret=${second}"`,
        `${email},${migration}`,
      ].join('\n');
      const said = [
        await cli(['--file', '-'], list),
        await cli(['--file', '-', '--dry-run'], JSON.stringify([{ secret: first, password }], null, 1)),
      ];
      expect(said.map(({ code }) => code)).toEqual([3, 2]);
      const output = said.map((ending) => ending.output).join('\n');
      expect(output).toContain('2 of 10 imported, 8 not.');
      expect(output).toContain('This is the JSON of andOTP');
      const parts = [password, ...secrets, encodeURIComponent(migration.slice(40)), email];
      for (const part of [
        ...parts,
        'hunter2',
        'MyFolder',
        'MyBank',
        'MyLabel',
        'MyEntryName',
        'mybank.example',
      ]) {
        expect(output.toLowerCase()).not.toContain(part.toLowerCase());
        // No piece of it either.
        for (let at = 0; at + 8 <= part.length && secrets.includes(part); at += 1) {
          expect(output).not.toContain(part.slice(at, at + 8));
        }
      }
    });

    it.each([
      [[], /needs --file PATH/],
      [['--file', '/nowhere/list'], /cannot be read/],
      [['otpauth://totp/x?secret=JBSWY3DPEHPK3PXP'], /never from here/],
      [['--file', '-', '--application', 'hunter2', '--user', 'x'], /there is none with this slug/],
    ])('does not understand %j', async (args, sentence) => {
      const { code, output } = await cli(args, `otpauth://totp/x?secret=${secretOf()}`);
      expect({ code, said: sentence.test(output) }, output).toEqual({ code: 2, said: true });
      expect(output).not.toMatch(/JBSWY3DPEHPK3PXP|hunter2|nowhere/);
    });
  });
});
