import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { inScript, spellingsOf } from '../factories/codes.js';
import { answer, wrongCode } from '../factories/factors.js';
import { HAS_REDIS } from '../factories/pair.js';
import { beginLogin, type PersonWithTotp, registerWithTotp } from '../factories/people.js';
import { sql, uuidOf } from '../factories/sql.js';

/** Answers that were spent on one instance, and what the ephemeral store's loss must not bring back. */
interface Spent {
  readonly person: PersonWithTotp;
  readonly code: string;
  readonly backupCode: string;
}

async function spend(world: TestApp): Promise<Spent> {
  const person = await registerWithTotp(world);
  const [code, backupCode = ''] = [person.code(), person.backupCodes[0]];
  for (const spent of [code, backupCode]) {
    const accepted = await answer(world, await beginLogin(world, person), { code: spent });
    expect(accepted.status).toBe(200);
  }
  return { person, code, backupCode };
}

async function expectSpent(world: TestApp, { person, code, backupCode }: Spent): Promise<void> {
  const logIn = async (answered: string): Promise<Answer> =>
    answer(world, await beginLogin(world, person), { code: answered });
  expect((await logIn(code)).status).toBe(422);
  expect((await logIn(backupCode)).status).toBe(422);
  // The account itself is well: the next answers pass.
  expect((await logIn(person.code(1))).status).toBe(200);
  expect((await logIn(person.backupCodes[1] ?? '')).status).toBe(200);
}

describe('a spent answer', () => {
  const masterKey = randomBytes(32).toString('base64');
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp({ masterKey });
  });
  afterAll(() => world.stop());

  /** A new process with an empty store of its own, on the same database. */
  const restarted = async (test: (fresh: TestApp) => Promise<void>): Promise<void> => {
    const { databaseUrl, clock } = world;
    const fresh = await startTestApp({ masterKey, databaseUrl, clock, redis: false });
    try {
      await test(fresh);
    } finally {
      await fresh.stop();
    }
  };

  it('stays spent after a restart that forgets the ephemeral store', async () => {
    const spent = await spend(world);
    await restarted((fresh) => expectSpent(fresh, spent));
  });

  it.skipIf(!HAS_REDIS)(
    'stays spent after Redis was flushed, and challenges that were open are dead',
    async () => {
      const spent = await spend(world);
      const open = await beginLogin(world, spent.person);
      const [application] = await sql<{ id: string }>(world.databaseUrl, 'SELECT id FROM applications');
      const redis = new Redis(process.env['TEST_REDIS_URL'] ?? '');
      // All keys of this test's application: others' tests share the server.
      const keys = await redis.keys(`*${application?.id ?? ''}*`);
      expect(keys.length).toBeGreaterThan(0);
      await redis.del(...keys);
      await redis.quit();
      expect((await answer(world, open, { code: spent.person.code(1) })).status).toBe(401);
      await expectSpent(world, spent);
    },
  );

  it('stays spent when the clock steps back', async () => {
    const person = await registerWithTotp(world);
    world.clock.advance(30_000);
    const [before, now] = [person.code(-1), person.code()];
    expect((await answer(world, await beginLogin(world, person), { code: now })).status).toBe(200);
    world.clock.advance(-30_000);
    for (const code of [before, now]) {
      expect((await answer(world, await beginLogin(world, person), { code })).status).toBe(422);
    }
    world.clock.advance(30_000);
  });

  it('stays spent however it is spelled', async () => {
    const { person, code, backupCode } = await spend(world);
    for (const spent of [
      ...spellingsOf(code).slice(0, 4),
      ...spellingsOf(code).slice(6),
      ...spellingsOf(backupCode),
    ]) {
      const refused = await answer(world, await beginLogin(world, person), { code: spent });
      expect({ spent, status: refused.status }).toEqual({ spent, status: 422 });
    }
    await sql(world.databaseUrl, 'UPDATE factors SET failures = 0 WHERE id = $1', [uuidOf(person.factorId)]);
  });

  it('is spent by any spelling of it, once', async () => {
    const person = await registerWithTotp(world);
    for (let at = 0; at < spellingsOf('').length; at += 1) {
      const spelled = spellingsOf(person.code())[at];
      const accepted = await answer(world, await beginLogin(world, person), { code: spelled });
      expect({ spelled, status: accepted.status }).toEqual({ spelled, status: 200 });
      const again = await answer(world, await beginLogin(world, person), { code: person.code() });
      expect(again.status).toBe(422);
      world.clock.advance(30_000);
    }
    for (const [at, spelled] of [
      (code: string): string => inScript(code, '\u0660'),
      (code: string): string => code.replaceAll('-', '\u2011'),
      (code: string): string => code.replaceAll('-', '\u200b'),
      (code: string): string => `\u2068${code.toLowerCase()}\u2069`,
    ].entries()) {
      const code = person.backupCodes[at] ?? '';
      const accepted = await answer(world, await beginLogin(world, person), { code: spelled(code) });
      expect({ code, status: accepted.status }).toEqual({ code, status: 200 });
      expect((await answer(world, await beginLogin(world, person), { code })).status).toBe(422);
    }
  });

  it('leaves a lock that no loss of the ephemeral store opens', async () => {
    const person = await registerWithTotp(world);
    await sql(world.databaseUrl, 'UPDATE factors SET failures = 99 WHERE id = $1', [uuidOf(person.factorId)]);
    await answer(world, await beginLogin(world, person), { code: wrongCode(person) });
    await restarted(async (fresh) => {
      const refused = await answer(fresh, await beginLogin(fresh, person), { code: person.code() });
      expect(refused.status).toBe(423);
    });
  });
});

describe('a factor type that is switched off', () => {
  const masterKey = randomBytes(32).toString('base64');
  let world: TestApp;
  let without: TestApp;
  let person: PersonWithTotp;
  beforeAll(async () => {
    world = await startTestApp({ masterKey });
    person = await registerWithTotp(world);
    const { databaseUrl, clock } = world;
    without = await startTestApp({
      masterKey,
      databaseUrl,
      clock,
      env: { FACTORS_ENABLED: 'backup_code' },
    });
  });
  afterAll(() => Promise.all([world.stop(), without.stop()]));

  it('takes no enrolments and is not listed', async () => {
    const { accessToken: token } = person;
    const types = await without.client.get('/v1/factor-types', { token });
    expect((types.body.data as { type: string }[]).map(({ type }) => type)).toEqual(['backup_code']);
    const { email, password } = person;
    const register = { email: `new-${email}`, password };
    const { body } = await without.client.post('/v1/auth/register', register);
    const refused = await without.client.post(
      '/v1/me/factors',
      { type: 'totp' },
      { token: body.accessToken },
    );
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toMatchObject([{ path: 'type' }]);
  });

  it('is still asked for where it is enrolled, never skipped', async () => {
    const challenge = await beginLogin(without, person);
    expect((await answer(without, challenge, { code: wrongCode(person) })).status).toBe(422);
    expect((await answer(without, challenge, { code: person.code() })).status).toBe(200);
  });
});
