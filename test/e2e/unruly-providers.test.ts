import { refuse } from '@countersign/factor-kit';
import { Logger } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { EmailFactor } from '@countersign/factors';
import { z } from 'zod';
import { startTestApp, type TestApp } from '../factories/app.js';
import { enrolCodes, newestCode } from '../factories/codes.js';
import type { Answer } from '../factories/client.js';
import { answer, beginStepUp, factorsOf } from '../factories/factors.js';
import { beginLogin, type Person, register, registerWithTotp } from '../factories/people.js';
import { eventsOf, sql } from '../factories/sql.js';
import { behave, conduct } from '../factories/unruly.factor.js';

vi.mock('../../apps/api/src/factors.js', async (original) => {
  const { factorProviders } = await original<typeof import('../../apps/api/src/factors.js')>();
  const { UnrulyFactor: Unruly } = await import('../factories/unruly.factor.js');
  return { factorProviders: [...factorProviders, Unruly] };
});

const CODE = 'word-any';

describe('a provider that misbehaves', () => {
  let world: TestApp;
  let person: Person;
  beforeAll(async () => {
    world = await startTestApp({ env: { LOG_LEVEL: 'silent' } });
    behave();
    person = await register(world);
    const { accessToken: token } = person;
    const { body } = await world.client.post('/v1/me/factors', { type: 'unruly' }, { token });
    await world.client.post(`/v1/me/factors/${body.id}/activate`, { code: CODE }, { token });
  });
  afterAll(() => world.stop());
  beforeEach(behave);

  const verify = async (): Promise<Answer> =>
    answer(world, await beginStepUp(world, person.accessToken), { code: CODE });
  const explode = (): never => {
    throw new Error('with a secret in its message');
  };

  it('is a provider like any other while it behaves', async () => {
    const login = await answer(world, await beginLogin(world, person), { code: CODE });
    expect(login.status).toBe(200);
    const types = (await factorsOf(world, person.accessToken)).map(({ type, hint }) => `${type}: ${hint}`);
    expect(types).toContain('unruly: a word');
  });

  const noVerdicts: [string, () => unknown][] = [
    ['throws', explode],
    ['rejects', () => Promise.reject(new Error('later'))],
    [
      'fails with what is no error',
      () =>
        Object.assign(Promise.resolve(), { then: (_: unknown, fail: (why: string) => void) => fail('odd') }),
    ],
    ['returns nothing', () => undefined],
    ['returns null', () => null],
    ['returns true', () => true],
    ['returns a truthy text', () => 'accepted'],
    ['accepts without freshness', () => ({ accepted: true })],
    ['accepts with an unknown freshness', () => ({ accepted: true, fresh: 'yes' })],
    ['accepts with an empty freshness', () => ({ accepted: true, fresh: {} })],
    ['accepts with a step that is no bigint', () => ({ accepted: true, fresh: { step: 7 } })],
    ['accepts with a step before the first', () => ({ accepted: true, fresh: { step: -1n } })],
    [
      'accepts with a step that PostgreSQL cannot hold',
      () => ({ accepted: true, fresh: { step: 2n ** 63n } }),
    ],
    ['accepts with an empty token', () => ({ accepted: true, fresh: { token: '' } })],
    [
      'accepts with a token that PostgreSQL cannot hold',
      () => ({ accepted: true, fresh: { token: 'a\0b' } }),
    ],
    ['accepts with an endless token', () => ({ accepted: true, fresh: { token: 'x'.repeat(10_000) } })],
    ['accepts half', () => ({ accepted: 'true', fresh: 'challenge-bound' })],
    ['accepts in an array', () => [{ accepted: true, fresh: 'challenge-bound' }]],
    [
      'changes to a secret that is none',
      () => ({ accepted: true, fresh: 'challenge-bound', secret: { word: 1 } }),
    ],
    [
      'changes to a secret that JSON refuses',
      () => ({ accepted: true, fresh: 'challenge-bound', secret: 1n }),
    ],
    ['refuses without a reason', () => ({ accepted: false })],
    ['refuses with a reason of its own', () => ({ accepted: false, reason: 'word-secret is right' })],
  ];

  it.each(noVerdicts)('that %s at a verification is a refusal like any other', async (_does, verdict) => {
    conduct.verify = verdict;
    const refused = await verify();
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: 'answer_rejected', attemptsLeft: 4 });
    const events = await eventsOf(world.databaseUrl, person.id, 'challenge.failed');
    expect(events.at(-1)?.data['reason']).toBe('mismatch');
    behave();
    expect((await verify()).status).toBe(200);
  });

  const atActivation = [
    'throws',
    'returns true',
    'accepts without freshness',
    'changes to a secret that is none',
  ];
  it.each(noVerdicts.filter(([does]) => atActivation.includes(does)))(
    'that %s at an activation activates nothing',
    async (_does, verdict) => {
      const { accessToken: token } = await register(world);
      const { body } = await world.client.post('/v1/me/factors', { type: 'unruly' }, { token });
      conduct.confirm = verdict;
      const refused = await world.client.post(
        `/v1/me/factors/${body.id}/activate`,
        { code: CODE },
        { token },
      );
      expect(refused.status).toBe(422);
      expect((await factorsOf(world, token)).map(({ status }) => status)).toEqual(['pending']);
    },
  );

  it.each([
    ['throws', explode],
    ['shows nothing', () => undefined],
    ['shows no text', () => ({ hint: 5 })],
    ['shows what PostgreSQL cannot hold', () => ({ hint: 'a\0b' })],
    ['shows a book', () => ({ hint: 'x'.repeat(10_000) })],
  ])('whose public view %s changes no secret: the answer is refused', async (_does, view) => {
    conduct.verify = () => ({ accepted: true, fresh: 'challenge-bound', secret: { word: 'word-next' } });
    conduct.publicView = view;
    expect((await verify()).status).toBe(422);
  });

  it('that never answers is a refusal when its time is over, and is told so', async () => {
    const limit = new AbortController();
    let told: AbortSignal | undefined;
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);
    conduct.verify = ({ signal }) => {
      told = signal;
      queueMicrotask(() => limit.abort());
      return new Promise(() => undefined);
    };
    const refused = await verify();
    expect(timeout).toHaveBeenCalledWith(5_000);
    timeout.mockRestore();
    expect(refused.status).toBe(422);
    expect(told?.aborted).toBe(true);
  });

  it.each([
    ['throws', explode],
    ['returns nothing', () => undefined],
    ['makes a secret that its schema refuses', () => ({ secret: { word: 1 }, show: {} })],
    ['makes a secret that JSON refuses', () => ({ secret: { word: 'x', size: 1n }, show: {} })],
    ['shows no object', () => ({ secret: { word: 'x' }, show: 'x' })],
    ['shows a reserved field', () => ({ secret: { word: 'x' }, show: { status: 'active' } })],
    ['shows what JSON refuses', () => ({ secret: { word: 'x' }, show: { size: 1n } })],
  ])('that %s at an enrolment enrols nothing: 503', async (_does, enrol) => {
    conduct.enrol = enrol;
    const { accessToken: token } = await register(world);
    const refused = await world.client.post('/v1/me/factors', { type: 'unruly' }, { token });
    expect(refused.status).toBe(503);
    expect(refused.body.code).toBe('unavailable');
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect(await factorsOf(world, token)).toEqual([]);
  });

  it('that refuses its input is a 400 with the path that it names, and enrols nothing', async () => {
    conduct.enrol = () => refuse('card.number', 'is not one of ours');
    const { accessToken: token } = await register(world);
    const refused = await world.client.post('/v1/me/factors', { type: 'unruly' }, { token });
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ path: 'card.number', message: 'is not one of ours' }] },
    });
    expect(await factorsOf(world, token)).toEqual([]);
  });

  it('that challenges its user and has nothing to show is no conflict: only when it may be asked again', async () => {
    let asked = 0;
    conduct.challenge = () => {
      asked += 1;
      return {};
    };
    const { id, tempToken } = await beginLogin(world, person);
    const [factor] = await factorsOf(world, person.accessToken);
    const sent = await world.client.post(
      `/v1/challenges/${id}/send`,
      { factorId: factor?.id },
      { token: tempToken },
    );
    const body = { resendAfter: 60 };
    expect({ status: sent.status, body: sent.body, asked }).toEqual({ status: 200, body, asked: 1 });
  });

  it('cannot take back that an answer is spent: the same step again is refused', async () => {
    conduct.verify = () => ({ accepted: true, fresh: { step: 1_000_000n } });
    expect((await verify()).status).toBe(200);
    expect((await verify()).status).toBe(422);
    conduct.verify = () => ({ accepted: true, fresh: { token: 'once' } });
    expect((await verify()).status).toBe(200);
    expect((await verify()).status).toBe(422);
  });

  it('cannot be asked past its tries', async () => {
    let asked = 0;
    conduct.verify = () => {
      asked += 1;
      return { accepted: false, reason: 'mismatch' };
    };
    const challenge = await beginStepUp(world, person.accessToken);
    for (let tries = 0; tries < 8; tries += 1) await answer(world, challenge, { code: CODE });
    expect(asked).toBe(5);
  });

  it('whose schemas are not strict takes no unknown field all the same', async () => {
    const { accessToken: token } = person;
    const enrolled = await world.client.post(
      '/v1/me/factors',
      { type: 'unruly', nickname: 'x', colour: 'red' },
      { token: (await register(world)).accessToken },
    );
    expect(enrolled.status).toBe(400);
    expect(enrolled.body.errors).toMatchObject([{ path: 'colour' }]);
    const refused = await answer(world, await beginStepUp(world, token), { code: CODE, colour: 'red' });
    expect(refused.status).toBe(400);
  });

  it('whose schema throws stops no other factor', async () => {
    const owner = await registerWithTotp(world);
    expect((await answer(world, await beginLogin(world, owner), { code: 'word-explosive' })).status).toBe(
      400,
    );
    expect((await answer(world, await beginLogin(world, owner), { code: owner.code() })).status).toBe(200);
  });

  it('leaves nothing of its secret in events, lists or in clear in the database', async () => {
    await verify();
    const listed = await world.client.get('/v1/me/factors', { token: person.accessToken });
    const events = await eventsOf(world.databaseUrl, person.id);
    const rows = await sql(world.databaseUrl, `SELECT encode(secret, 'escape') AS secret FROM factors`);
    for (const seen of [listed.body, events, rows]) expect(JSON.stringify(seen)).not.toContain('word-secret');
  });
});

describe('a provider whose schema was changed', () => {
  let world: TestApp;
  let person: Person;
  const masterKey = randomBytes(32).toString('base64');
  const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
  beforeAll(async () => {
    world = await startTestApp({ env: { LOG_LEVEL: 'silent' }, masterKey });
    behave();
    person = await register(world);
    const { accessToken: token } = person;
    const { body } = await world.client.post('/v1/me/factors', { type: 'unruly' }, { token });
    await world.client.post(`/v1/me/factors/${body.id}/activate`, { code: CODE }, { token });
  });
  afterAll(() => world.stop());
  beforeEach(() => {
    behave();
    log.mockClear();
  });

  const factor = async (): Promise<Record<string, unknown>> => {
    const [row] = await sql(
      world.databaseUrl,
      `SELECT failures, locked_at FROM factors WHERE type = 'unruly'`,
    );
    return row ?? {};
  };

  it('hands on what its schema makes of a secret that was kept: defaults and all', async () => {
    let seen: unknown;
    conduct.verify = (_at, secret) => {
      seen = secret;
      return { accepted: true, fresh: 'challenge-bound' };
    };
    expect((await answer(world, await beginLogin(world, person), { code: CODE })).status).toBe(200);
    expect(seen).toEqual({ word: 'word-secret', colour: 'green' });
  });

  it.each([['verify'], ['send']])(
    'and refuses what was kept is a 503 at %s and an error in the log, and no wrong code',
    async (road) => {
      const challenge = await beginLogin(world, person);
      const [{ id } = { id: '' }] = await factorsOf(world, person.accessToken);
      conduct.fits = () => false;
      const refused =
        road === 'verify'
          ? await answer(world, challenge, { code: CODE })
          : await world.client.post(
              `/v1/challenges/${challenge.id}/send`,
              { factorId: id },
              { token: challenge.tempToken },
            );
      expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
      expect(refused.headers.get('retry-after')).not.toBeNull();
      const logged = log.mock.calls.flat().join('\n');
      expect(logged).toContain(id);
      expect(logged).toContain('“unruly”');
      expect(logged).not.toContain('word-secret');
      expect(await factor()).toEqual({ failures: 0, locked_at: null });
      expect(await eventsOf(world.databaseUrl, person.id, 'challenge.failed')).toEqual([]);
      conduct.fits = () => true;
      expect((await answer(world, challenge, { code: CODE })).status).toBe(200);
    },
  );

  it('does not keep its user from the backup codes, nor a start from what cannot be opened', async () => {
    const owner = await register(world);
    const { accessToken: token } = owner;
    const { body } = await enrolCodes(world, token, { email: owner.email });
    const code = newestCode(world, owner.email);
    const activated = await world.client.post(`/v1/me/factors/${body.id}/activate`, { code }, { token });
    const [backupCode] = activated.body.backupCodes as string[];
    const provider = world.app.get(EmailFactor, { strict: false });
    const { secret } = provider;
    Object.assign(provider, { secret: z.strictObject({ address: z.string() }) });
    const opened = await beginLogin(world, owner);
    expect((await answer(world, opened, { code: backupCode })).status).toBe(200);
    Object.assign(provider, { secret });

    await sql(world.databaseUrl, `UPDATE factors SET secret = secret || '\\x00' WHERE type = 'email'`);
    const { databaseUrl } = world;
    const second = await startTestApp({ env: { LOG_LEVEL: 'silent' }, masterKey, databaseUrl });
    const { notes } = (await second.client.get('/health')).body;
    await second.stop();
    expect(notes).toEqual([expect.stringContaining('“email”')]);
    await sql(world.databaseUrl, `DELETE FROM factors WHERE type = 'email'`);
  });

  it('is told at the start, in the log and by health, and the service runs', async () => {
    conduct.fits = () => {
      throw new Error('a schema of a stranger');
    };
    const { databaseUrl } = world;
    const second = await startTestApp({ env: { LOG_LEVEL: 'silent' }, masterKey, databaseUrl });
    try {
      expect(log.mock.calls.flat().join('\n')).toMatch(
        /Secrets of “unruly” do not fit the schema of UnrulyFactor any more, such as that of fac_\w+/,
      );
      const { status, body } = await second.client.get('/health');
      expect({ status, body }).toMatchObject({ status: 200, body: { status: 'ok' } });
      expect(body.notes).toEqual([expect.stringContaining('“unruly”')]);
      expect((await world.client.get('/health')).body.notes).toBeUndefined();
    } finally {
      await second.stop();
    }
  });
});

describe('an enrolled factor that nobody provides', () => {
  it('stops the start: nobody is let in without what they enrolled', async () => {
    const masterKey = randomBytes(32).toString('base64');
    const world = await startTestApp({ masterKey });
    try {
      await registerWithTotp(world);
      await sql(world.databaseUrl, `UPDATE factors SET type = 'carrier_pigeon' WHERE type = 'totp'`);
      await expect(startTestApp({ masterKey, databaseUrl: world.databaseUrl })).rejects.toThrow(
        /enrolled “carrier_pigeon”, which no provider provides: .*FACTORS_RETIRED=carrier_pigeon/,
      );
    } finally {
      await world.stop();
    }
  });

  it('stops nothing while it is pending: nobody stands behind it yet', async () => {
    const masterKey = randomBytes(32).toString('base64');
    const world = await startTestApp({ masterKey });
    try {
      const { accessToken: token } = await register(world);
      await world.client.post('/v1/me/factors', { type: 'totp' }, { token });
      await sql(world.databaseUrl, `UPDATE factors SET type = 'carrier_pigeon'`);
      const second = await startTestApp({ masterKey, databaseUrl: world.databaseUrl });
      await second.stop();
    } finally {
      await world.stop();
    }
  });
});
