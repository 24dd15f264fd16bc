import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { answer, beginStepUp, factorsOf, stepUp } from '../factories/factors.js';
import { beginLogin, logIn, type PersonWithTotp, register, registerWithTotp } from '../factories/people.js';
import { eventsOf } from '../factories/sql.js';

describe('backup codes', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  const logInWith = async (person: PersonWithTotp, code: string): Promise<Answer> =>
    answer(world, await beginLogin(world, person), { code });
  const replace = (token: string) => world.client.post('/v1/me/factors', { type: 'backup_code' }, { token });

  it('log in once each, without naming the factor, and count down in the hint', async () => {
    const person = await registerWithTotp(world);
    const [first = '', second = ''] = person.backupCodes;
    const accepted = await logInWith(person, first);
    expect(accepted.status).toBe(200);
    const hint = async (): Promise<string | undefined> =>
      (await factorsOf(world, accepted.body.accessToken)).find(({ type }) => type === 'backup_code')?.hint;
    expect(await hint()).toBe('9');
    const again = await logInWith(person, first);
    expect(again.status).toBe(422);
    expect(await hint()).toBe('9');
    expect((await logInWith(person, second)).status).toBe(200);
    expect(await hint()).toBe('8');
  });

  it('are accepted in every spelling, and spent in all of them', async () => {
    const person = await registerWithTotp(world);
    const prove = async (code: string): Promise<number> =>
      (await answer(world, await beginStepUp(world, person.accessToken), { code })).status;
    const spellings: ((code: string) => string)[] = [
      (code) => code.toLowerCase(),
      (code) => code.replaceAll('-', ''),
      (code) => ` ${code.replaceAll('-', ' ')} `,
      (code) => code.replaceAll('0', 'o').replaceAll('1', 'l'),
      (code) => code.replaceAll('0', 'O').replaceAll('1', 'I'),
      (code) => [...code.replaceAll('-', '')].join('-'),
    ];
    for (const [index, spelled] of spellings.entries()) {
      const code = person.backupCodes[index] ?? '';
      expect(await prove(spelled(code)), spelled(code)).toBe(200);
      for (const other of [code, ...spellings.map((spell) => spell(code))]) {
        expect(await prove(other), other).toBe(422);
      }
    }
  });

  it('are no answer for another factor: a code of theirs that names the app is refused', async () => {
    const person = await registerWithTotp(world);
    const [code = ''] = person.backupCodes;
    const refused = await answer(world, await beginLogin(world, person), { factorId: person.factorId, code });
    expect(refused.status).toBe(422);
    expect((await logInWith(person, code)).status).toBe(200);
  });

  it('of one user are nothing to another', async () => {
    const [person, other] = [await registerWithTotp(world), await registerWithTotp(world)];
    const [code = ''] = other.backupCodes;
    expect((await logInWith(person, code)).status).toBe(422);
    expect((await logInWith(other, code)).status).toBe(200);
  });

  it('made anew replace the old set, and leave other sessions alone', async () => {
    const person = await registerWithTotp(world);
    const other = await logIn(world, person);
    const token = await stepUp(world, person);
    const made = await replace(token);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ type: 'backup_code', status: 'active', hint: '10', isDefault: false });
    expect(new Set([...made.body.backupCodes, ...person.backupCodes]).size).toBe(20);
    expect((await factorsOf(world, token)).filter(({ type }) => type === 'backup_code')).toHaveLength(1);
    expect((await world.client.get('/v1/me', { token: other.accessToken })).status).toBe(200);

    for (const code of person.backupCodes.slice(0, 3))
      expect((await logInWith(person, code)).status).toBe(422);
    expect((await logInWith(person, made.body.backupCodes[0])).status).toBe(200);
  });

  it('need another active factor: 409 without one', async () => {
    const { accessToken: token } = await register(world);
    for (const begin of [undefined, { type: 'totp' }]) {
      // A pending factor is none.
      if (begin !== undefined) await world.client.post('/v1/me/factors', begin, { token });
      const refused = await replace(token);
      expect(refused.status).toBe(409);
      expect(refused.body.code).toBe('conflict');
    }
  });

  it('that run low are told of: `used` with each, `low` from three left on', async () => {
    const person = await registerWithTotp(world);
    for (const code of person.backupCodes) expect((await logInWith(person, code)).status).toBe(200);
    const lefts = async (type: string): Promise<unknown[]> =>
      (await eventsOf(world.databaseUrl, person.id, type)).map(({ data }) => data['left']);
    expect(await lefts('backup_codes.used')).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(await lefts('backup_codes.low')).toEqual([3, 2, 1, 0]);
    expect((await logInWith(person, person.backupCodes[0] ?? '')).status).toBe(422);
    expect((await answer(world, await beginLogin(world, person), { code: person.code() })).status).toBe(200);
  });
});
