import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  activate,
  addTotp,
  answer,
  enrolTotp,
  factorsOf,
  type PendingTotp,
  stepUp,
} from '../factories/factors.js';
import type { Answer } from '../factories/client.js';
import { atOnce, HAS_REDIS, type Pair, startPair, tally } from '../factories/pair.js';
import { beginLogin, type PersonWithTotp, register, registerWithTotp } from '../factories/people.js';
import { type PublicKeyOptions, SoftwareAuthenticator } from '../factories/software-authenticator.js';
import { eventsOf } from '../factories/sql.js';

// A race has many outcomes: each is tried by several people, of whom all must end well.
const PEOPLE = 6;

describe.skipIf(!HAS_REDIS)("changes of one user's factors at once, on two instances", () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair();
  });
  afterAll(() => pair.stop());

  const on = (turn: number) => ({ ...pair.world, client: pair.client(turn) });
  const countOf = async (userId: string, type: string): Promise<number> =>
    (await eventsOf(pair.world.databaseUrl, userId, type)).length;
  const remove = (turn: number, token: string, factorId: string) =>
    pair.client(turn).delete(`/v1/me/factors/${factorId}`, { token });

  // One after the other, because each moves the clock that all share.
  const people = async <T>(make: () => Promise<T>): Promise<T[]> => {
    const made = [];
    for (let count = 0; count < PEOPLE; count += 1) made.push(await make());
    return made;
  };
  const provenPerson = async (): Promise<PersonWithTotp & { token: string }> => {
    const person = await registerWithTotp(pair.world);
    return { ...person, token: await stepUp(pair.world, person) };
  };

  it('one security key for many people: one of them gets it', async () => {
    const starters = await people(() => register(pair.world));
    const key = new SoftwareAuthenticator('http://localhost:3000', undefined);
    const answers = await Promise.all(
      starters.map(async ({ accessToken: token }, turn) => {
        const client = pair.client(turn);
        const { body } = await client.post('/v1/me/factors', { type: 'webauthn' }, { token });
        const credential = key.create(body.publicKey as PublicKeyOptions);
        return client.post(`/v1/me/factors/${body.id}/activate`, { credential }, { token });
      }),
    );
    expect(tally(answers)).toEqual({ 200: 1, 409: PEOPLE - 1 });
  });

  it('two first activations: one succeeds, with one set of codes; the other enrolment is dead', async () => {
    const starters = await people(async () => {
      const person = await register(pair.world);
      const token = person.accessToken;
      return { ...person, pending: [await enrolTotp(pair.world, token), await enrolTotp(pair.world, token)] };
    });
    for (const { id, accessToken: token, pending } of starters) {
      const answers = await Promise.all(
        pending.map((factor, turn) => activate(on(turn), token, factor.id, factor.code())),
      );
      // The other was let in before the first succeeded, or is asked for the new factor.
      const [first, second] = answers.map(({ status }) => status).sort();
      expect(first).toBe(200);
      expect([403, 410]).toContain(second);
      expect(answers.flatMap(({ body }) => (body.backupCodes ?? []) as string[])).toHaveLength(10);
      const types = (await factorsOf(pair.world, token)).map(({ type }) => type);
      expect(types.sort()).toEqual(['backup_code', 'totp']);
      expect(await countOf(id, 'two_factor.enabled')).toBe(1);
    }
  });

  it('one factor activated many times: once', async () => {
    const person = await register(pair.world);
    const factor = await enrolTotp(pair.world, person.accessToken);
    const code = factor.code();
    const answers = await atOnce(10, (turn) => activate(on(turn), person.accessToken, factor.id, code));
    const { 200: activated, ...others } = tally(answers);
    expect(activated).toBe(1);
    for (const status of Object.keys(others)) expect(['403', '404', '410']).toContain(status);
    expect(await countOf(person.id, 'factor.activated')).toBe(2);
  });

  it('an activation against the removal of the only other factor leaves a sound account', async () => {
    const owners = await people(async () => {
      const person = await provenPerson();
      return { ...person, pending: await enrolTotp(pair.world, person.token) };
    });
    for (const [turn, { token, factorId, pending }] of owners.entries()) {
      const [activated, removed] = await Promise.all([
        activate(on(turn), token, pending.id, pending.code()),
        remove(turn + 1, token, factorId),
      ]);
      const left = await factorsOf(pair.world, token);
      const summary = left.map(({ id, type, isDefault }) => `${type === 'totp' ? id : type} ${isDefault}`);
      const sound: Record<string, string[]> = {
        '200 204': [`${pending.id} true`, 'backup_code false'],
        // The removal was let in before the activation, and finds the account changed.
        '200 409': [`${factorId} true`, `${pending.id} false`, 'backup_code false'],
        '410 204': [],
      };
      expect(summary.sort()).toEqual(sound[`${activated.status} ${removed.status}`]?.sort());
    }
  });

  it('a login against the removal of its factor is refused, or its session ends with the factor', async () => {
    for (const [turn, owner] of (await people(provenPerson)).entries()) {
      const { token, factorId } = owner;
      const challenge = await beginLogin(pair.world, owner);
      const [login, removed] = await Promise.all([
        answer(on(turn), challenge, { code: owner.code() }),
        remove(turn + 1, token, factorId),
      ]);
      expect(removed.status).toBe(204);
      expect([200, 401]).toContain(login.status);
      if (login.status === 200) {
        const me = await pair.world.client.get('/v1/me', { token: login.body.accessToken as string });
        expect(me.status).toBe(401);
      }
      expect((await pair.world.client.get('/v1/me', { token })).body.twoFactorEnabled).toBe(false);
    }
  });

  it('two removals of two factors leave none, and end the second factor once', async () => {
    const owners = await people(async () => {
      const person = await provenPerson();
      return { ...person, second: await addTotp(pair.world, person.token) };
    });
    for (const { id, token, factorId, second } of owners) {
      const ids = [factorId, second.id];
      const removals = await Promise.all(ids.map((removed, turn) => remove(turn, token, removed)));
      for (const [turn, { status }] of removals.entries()) {
        if (status === 204) continue;
        // It was let in before the other, and found the account changed: it may ask again.
        expect(status).toBe(409);
        expect((await remove(turn, token, ids[turn] ?? '')).status).toBe(204);
      }
      expect(await factorsOf(pair.world, token)).toEqual([]);
      expect(await countOf(id, 'two_factor.disabled')).toBe(1);
      expect(await countOf(id, 'factor.removed')).toBe(3);
    }
  });

  it('one factor removed many times is removed once', async () => {
    const { id, token, factorId } = await provenPerson();
    const answers = await atOnce(8, (turn) => remove(turn, token, factorId));
    const { 204: removed, 404: gone = 0, 409: changed = 0 } = tally(answers);
    expect([removed, gone + changed]).toEqual([1, 7]);
    expect(await countOf(id, 'factor.removed')).toBe(2);
  });

  it('several factors made the default: one is', async () => {
    const { token, factorId } = await provenPerson();
    const added: PendingTotp[] = [];
    for (let count = 0; count < 3; count += 1) added.push(await addTotp(pair.world, token));
    const ids = [factorId, ...added.map(({ id }) => id)];
    const answers = await atOnce(16, (turn) =>
      pair.client(turn).patch(`/v1/me/factors/${ids[turn % 4] ?? ''}`, { isDefault: true }, { token }),
    );
    expect(tally(answers)).toEqual({ 200: 16 });
    expect((await factorsOf(pair.world, token)).filter(({ isDefault }) => isDefault)).toHaveLength(1);
  });

  it('backup codes made anew many times: one set is left, the one that its maker was shown', async () => {
    const person = await provenPerson();
    const answers = await atOnce(6, (turn) =>
      pair.client(turn).post('/v1/me/factors', { type: 'backup_code' }, { token: person.token }),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made.length).toBeGreaterThanOrEqual(1);
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    const sets = (await factorsOf(pair.world, person.token)).filter(({ type }) => type === 'backup_code');
    expect(sets).toHaveLength(1);
    const left = made.find(({ body }) => body.id === sets[0]?.id);
    const [code] = (left?.body.backupCodes ?? []) as string[];
    expect((await answer(pair.world, await beginLogin(pair.world, person), { code })).status).toBe(200);
  });

  it('forty enrolments begin no more than twenty', async () => {
    const { accessToken: token } = await register(pair.world);
    const enrol = (turn: number): Promise<Answer> =>
      pair.client(turn).post('/v1/me/factors', { type: 'totp' }, { token });
    // All of them wait for one row; on a slow machine some are told to come back later.
    const { 201: begun = 0, 409: refused = 0, 503: later = 0 } = tally(await atOnce(40, enrol));
    expect(begun + refused + later).toBe(40);
    expect(begun).toBeLessThanOrEqual(20);

    for (let turn = begun; turn < 20; turn += 1) expect((await enrol(turn)).status).toBe(201);
    expect((await enrol(0)).status).toBe(409);
  });
});
