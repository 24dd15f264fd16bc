import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectProblem } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { messagesTo, newestCode, sendCode } from '../factories/codes.js';
import { activate, answer, beginStepUp, factorsOf } from '../factories/factors.js';
import { beginLogin, type Person, register } from '../factories/people.js';
import { behavePager, pagerConduct } from '../factories/unruly-pager.factor.js';

vi.mock('../../apps/api/src/factors.js', async (original) => {
  const { factorProviders } = await original<typeof import('../../apps/api/src/factors.js')>();
  const { UnrulyPager: Unruly } = await import('../factories/unruly-pager.factor.js');
  return { factorProviders: [...factorProviders, Unruly] };
});

const explode = (): never => {
  throw new Error('with an address in its message');
};

describe('a provider of delivered codes that misbehaves', () => {
  let world: TestApp;
  let person: Person;
  let factorId: string;
  const mailbox = 'unruly@example.com';
  beforeAll(async () => {
    world = await startTestApp({ env: { LOG_LEVEL: 'silent' } });
    behavePager();
    person = await register(world);
    const enrolled = await enrol(person.accessToken);
    factorId = enrolled.body.id;
    await activate(world, person.accessToken, factorId, newestCode(world, mailbox));
  });
  afterAll(() => world.stop());
  beforeEach(behavePager);

  function enrol(token: string): Promise<Answer> {
    return world.client.post('/v1/me/factors', { type: 'unruly_pager', mailbox }, { token });
  }

  it('is a provider like any other while it behaves', async () => {
    const challenge = await beginLogin(world, person);
    expect((await answer(world, challenge, { code: newestCode(world, mailbox) })).status).toBe(200);
  });

  it.each<[string, () => unknown]>([
    ['throws', explode],
    ['rejects', () => Promise.reject(new Error('later'))],
    ['returns nothing', () => undefined],
    ['makes a secret that its schema refuses', () => ({ mailbox: 5 })],
    ['makes a secret that JSON refuses', () => ({ mailbox, size: 1n })],
  ])('whose address %s enrols nothing and sends nothing: 503', async (_does, address) => {
    pagerConduct.address = address;
    const before = messagesTo(world, mailbox);
    const { accessToken: token } = await register(world);
    expectProblem(await enrol(token), 503, 'unavailable');
    expect(await factorsOf(world, token)).toEqual([]);
    expect(messagesTo(world, mailbox)).toBe(before);
  });

  const nowhere: [string, () => unknown][] = [
    ['throws', explode],
    ['is nothing', () => undefined],
    ['is a promise', () => Promise.resolve({ channel: 'email', to: mailbox })],
    ['has no address', () => ({ channel: 'email' })],
    ['has an empty address', () => ({ channel: 'email', to: '' })],
    ['has two lines', () => ({ channel: 'email', to: `${mailbox}\r\nBcc: all@example.com` })],
    ['has an endless address', () => ({ channel: 'email', to: `${'x'.repeat(10_000)}@example.com` })],
    ['is on another channel', () => ({ channel: 'sms', to: '+447400123456' })],
  ];

  it.each(nowhere)('whose recipient %s sends nothing: 502, and counts nothing', async (_does, recipient) => {
    const challenge = await beginStepUp(world, person.accessToken);
    const before = messagesTo(world, mailbox);
    pagerConduct.recipient = recipient;
    expectProblem(await sendCode(world, challenge, factorId), 502, 'delivery_failed');
    expect(messagesTo(world, mailbox)).toBe(before);
    behavePager();
    expect((await sendCode(world, challenge, factorId)).status).toBe(202);
  });

  it.each(nowhere)('whose recipient %s at an enrolment enrols nothing', async (_does, recipient) => {
    pagerConduct.recipient = recipient;
    const { accessToken: token } = await register(world);
    expectProblem(await enrol(token), 503, 'unavailable');
    expect(await factorsOf(world, token)).toEqual([]);
  });

  it('keeps nobody from opening a challenge, which comes without a code', async () => {
    pagerConduct.recipient = explode;
    const { status, body } = await world.client.post('/v1/auth/login', {
      email: person.email,
      password: person.password,
    });
    expect(status).toBe(200);
    expect(body.challenge).toMatchObject({ status: 'pending' });
    expect(body.challenge.sent).toBeUndefined();
  });

  it('whose schema is not strict takes no unknown field all the same', async () => {
    const { accessToken: token } = await register(world);
    const fields = { type: 'unruly_pager', mailbox, colour: 'red' };
    expectProblem(await world.client.post('/v1/me/factors', fields, { token }), 400, 'validation_failed');
  });
});
