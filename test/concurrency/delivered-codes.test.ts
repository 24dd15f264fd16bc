import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { addCodeFactor, type CodeFactor, messagesTo, newestCode, sendCode } from '../factories/codes.js';
import { stepUp } from '../factories/factors.js';
import { atOnce, HAS_REDIS, type Pair, startPair, tally } from '../factories/pair.js';
import {
  beginLogin,
  type OpenChallenge,
  type Person,
  register,
  registerWithTotp,
} from '../factories/people.js';

// Two instances share what they count in Redis only.
describe.skipIf(!HAS_REDIS)('a code that was sent, on two instances', () => {
  let pair: Pair;
  let world: TestApp;
  beforeAll(async () => {
    pair = await startPair();
    ({ world } = pair);
  });
  afterAll(() => pair.stop());

  it('opens one session, however many bring it at once', async () => {
    const { person, factor } = await somebody();
    const challenge = await beginLogin(world, person);
    const code = newestCode(world, factor.to);
    const answers = await atOnce(8, (turn) => answer(turn, challenge, { code }));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(Object.keys(tally(answers)).sort()).toEqual(['200', '410']);
  });

  it('fits no other challenge of its user, at once or later', async () => {
    const { person, factor } = await somebody();
    const first = await beginLogin(world, person);
    const code = newestCode(world, factor.to);
    world.clock.advance(60_000);
    const others = [await beginLogin(world, person), await beginLogin(world, person)];
    const codes = new Set([newestCode(world, factor.to)]);
    const crossed = await Promise.all(others.map((challenge, turn) => answer(turn, challenge, { code })));
    if (!codes.has(code)) expect(tally(crossed)).toEqual({ 422: 2 });
    expect((await answer(1, first, { code })).status).toBe(200);
    const later = await answer(0, others[0] ?? first, { code });
    expect([410, 422]).toContain(later.status);
  });

  it("fits no other user's challenge", async () => {
    const [mine, theirs] = [await somebody(), await somebody()];
    const [myChallenge, theirChallenge] = [
      await beginLogin(world, mine.person),
      await beginLogin(world, theirs.person),
    ];
    const code = newestCode(world, mine.factor.to);
    if (code === newestCode(world, theirs.factor.to)) return;
    const named = await answer(1, theirChallenge, { code, factorId: mine.factor.id });
    expect(named.status).toBe(404);
    expect((await answer(1, theirChallenge, { code })).status).toBe(422);
    const stolen = await pair
      .client(1)
      .post(`/v1/challenges/${myChallenge.id}/verify`, { code }, { token: theirChallenge.tempToken });
    expect(stolen.status).toBe(401);
  });

  it('fits no other factor of its user, on whatever channel', async () => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    const phone = await addCodeFactor(world, { accessToken: token });
    const mail = await addCodeFactor(
      world,
      { accessToken: await stepUp(world, person) },
      `other-${person.email}`,
    );
    const challenge = await beginLogin(world, person);
    await sendCode(world, challenge, phone.id);
    const code = newestCode(world, phone.to);
    const crossed = await atOnce(2, (turn) => answer(turn, challenge, { code, factorId: mail.id }));
    expect(tally(crossed)).toEqual({ 422: 2 });
    expect((await answer(1, challenge, { code, factorId: phone.id })).status).toBe(200);
  });

  it('is sent once, however many ask at once', async () => {
    const person = await registerWithTotp(world);
    const factor = await addCodeFactor(world, { accessToken: await stepUp(world, person) });
    const before = messagesTo(world, factor.to);
    const challenge = await beginLogin(world, person);
    const sends = await atOnce(6, (turn) => sendCode({ client: pair.client(turn) }, challenge, factor.id));
    expect(tally(sends)).toEqual({ 202: 1, 429: 5 });
    // The mailbox of the other instance is its own.
    expect(messagesTo(world, factor.to) - before).toBeLessThanOrEqual(1);
  });

  async function somebody(): Promise<{ person: Person; factor: CodeFactor }> {
    const person = await register(world);
    return { person, factor: await addCodeFactor(world, person) };
  }

  function answer(turn: number, { id, tempToken }: OpenChallenge, body: unknown): Promise<Answer> {
    return pair.client(turn).post(`/v1/challenges/${id}/verify`, body, { token: tempToken });
  }
});
