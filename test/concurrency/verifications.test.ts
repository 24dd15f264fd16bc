import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTRACT_LIMITS } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { answer, beginStepUp, wrongCode } from '../factories/factors.js';
import { atOnce, HAS_REDIS, type Pair, startPair, tally } from '../factories/pair.js';
import {
  beginLogin,
  type OpenChallenge,
  type PersonWithTotp,
  registerWithTotp,
} from '../factories/people.js';
import { eventsOf, sql, uuidOf } from '../factories/sql.js';

// Without Redis, `npm test` says how to get it, and instances could not share a budget anyway.
describe.skipIf(!HAS_REDIS)('verifications at once, on two instances', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair();
  });
  afterAll(() => pair.stop());

  const challengesOf = (person: PersonWithTotp, count: number): Promise<OpenChallenge[]> =>
    atOnce(count, (turn) => beginStepUp({ ...pair.world, client: pair.client(turn) }, person.accessToken));
  const send = (turn: number, challenge: OpenChallenge | undefined, code: string): Promise<Answer> => {
    if (challenge === undefined) throw new Error('fewer challenges than answers');
    return answer({ ...pair.world, client: pair.client(turn) }, challenge, { code });
  };
  const eventCount = async (person: PersonWithTotp, type: string): Promise<number> =>
    (await eventsOf(pair.world.databaseUrl, person.id, type)).length;

  it('50 right codes on one challenge give exactly one login', async () => {
    const person = await registerWithTotp(pair.world);
    const challenge = await beginLogin(pair.world, person);
    const code = person.code();
    const answers = await atOnce(50, (turn) => send(turn, challenge, code));
    const { 200: accepted, 410: closed = 0, 422: rejected = 0 } = tally(answers);
    expect(accepted).toBe(1);
    expect(closed + rejected).toBe(49);
    expect(await eventCount(person, 'challenge.verified')).toBe(1);
    // The registration's session and one more.
    expect(await eventCount(person, 'session.created')).toBe(2);
  });

  it('different right answers on one challenge give exactly one login, and the others are not spent', async () => {
    const person = await registerWithTotp(pair.world);
    const challenge = await beginLogin(pair.world, person);
    const codes = [person.code(), ...person.backupCodes.slice(0, 4)];
    const answers = await atOnce(5, (turn) => send(turn, challenge, codes[turn] ?? ''));
    expect(tally(answers)).toEqual({ 200: 1, 410: 4 });
    expect(await eventCount(person, 'session.created')).toBe(2);

    const spent = answers.findIndex(({ status }) => status === 200);
    for (const [index, code] of codes.entries()) {
      const [later] = await challengesOf(person, 1);
      expect((await send(index, later, code)).status).toBe(index === spent ? 422 : 200);
    }
  });

  it('50 right codes over 50 challenges of one user give exactly one success, whatever the purpose', async () => {
    const person = await registerWithTotp(pair.world);
    const challenges = [
      ...(await challengesOf(person, 42)),
      ...(await atOnce(8, () => beginLogin(pair.world, person))),
    ];
    const code = person.code();
    const answers = await atOnce(50, (turn) => send(turn, challenges[turn], code));
    expect(tally(answers)).toEqual({ 200: 1, 422: 49 });
    expect(await eventCount(person, 'challenge.verified')).toBe(1);
  });

  it('100 wrong codes on one challenge are evaluated five times', async () => {
    const person = await registerWithTotp(pair.world);
    const challenge = await beginLogin(pair.world, person);
    const code = wrongCode(person);
    const answers = await atOnce(100, (turn) => send(turn, challenge, code));
    expect(tally(answers)).toEqual({ 410: 95, 422: 5 });
    expect(await eventCount(person, 'challenge.failed')).toBe(5);
  });

  it('ten different backup codes at once are all accepted, though each changes the same set', async () => {
    const person = await registerWithTotp(pair.world);
    const challenges = await challengesOf(person, 10);
    const answers = await atOnce(10, (turn) => send(turn, challenges[turn], person.backupCodes[turn] ?? ''));
    expect(tally(answers)).toEqual({ 200: 10 });
    const used = await eventsOf(pair.world.databaseUrl, person.id, 'backup_codes.used');
    expect(used.map(({ data }) => data['left']).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('one backup code at once, in all its spellings, is accepted once', async () => {
    const person = await registerWithTotp(pair.world);
    const [code = ''] = person.backupCodes;
    const spellings = [code, code.toLowerCase(), code.replaceAll('-', ''), code.replaceAll('-', ' ')];
    const challenges = await challengesOf(person, 20);
    const answers = await atOnce(20, (turn) =>
      send(turn, challenges[turn], spellings[turn % spellings.length] ?? ''),
    );
    expect(tally(answers)).toEqual({ 200: 1, 422: 19 });
    expect(await eventCount(person, 'backup_codes.used')).toBe(1);
  });

  it('wrong codes around the hundredth lock the factor once', async () => {
    const person = await registerWithTotp(pair.world);
    const { databaseUrl } = pair.world;
    await sql(databaseUrl, 'UPDATE factors SET failures = 90 WHERE id = $1', [uuidOf(person.factorId)]);
    const challenges = await challengesOf(person, 20);
    const code = wrongCode(person);
    const answers = await atOnce(20, (turn) => send(turn, challenges[turn], code));
    expect(Object.keys(tally(answers)).filter((status) => status !== '422' && status !== '423')).toEqual([]);
    expect(await eventCount(person, 'factor.locked')).toBe(1);
    expect((await send(0, challenges[0], person.code())).status).toBe(423);
  });
});

describe.skipIf(!HAS_REDIS)('the budget of ten answers, on two instances', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair({ RATE_LIMIT_VERIFY: CONTRACT_LIMITS.RATE_LIMIT_VERIFY });
  });
  afterAll(() => pair.stop());

  const inFreshWindow = async (): Promise<{ person: PersonWithTotp; challenges: OpenChallenge[] }> => {
    const person = await registerWithTotp(pair.world);
    pair.world.clock.advance(15 * 60_000);
    const { refreshToken } = person;
    const { body } = await pair.world.client.post('/v1/auth/refresh', { refreshToken });
    const challenges = await atOnce(50, () => beginStepUp(pair.world, body.accessToken as string));
    return { person, challenges };
  };

  it('has 100 wrong codes over 50 challenges evaluated ten times', async () => {
    const { person, challenges } = await inFreshWindow();
    const code = wrongCode(person);
    const answers = await atOnce(100, (turn) => {
      const challenge = challenges[turn % 50] ?? { id: '', tempToken: '' };
      return answer({ ...pair.world, client: pair.client(turn) }, challenge, { code });
    });
    expect(tally(answers)).toEqual({ 422: 10, 429: 90 });
    expect(await eventsOf(pair.world.databaseUrl, person.id, 'challenge.failed')).toHaveLength(10);
  });

  it('has 50 right codes over 50 challenges accepted once', async () => {
    const { person, challenges } = await inFreshWindow();
    const code = person.code();
    const answers = await atOnce(50, (turn) =>
      answer({ ...pair.world, client: pair.client(turn) }, challenges[turn] ?? { id: '', tempToken: '' }, {
        code,
      }),
    );
    expect(tally(answers)).toEqual({ 200: 1, 422: 9, 429: 40 });
  });
});
