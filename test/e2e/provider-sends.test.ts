import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectProblem } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { sendCode } from '../factories/codes.js';
import { carried } from '../factories/courier.factor.js';
import { activate, beginStepUp } from '../factories/factors.js';
import { beginLogin, type Person, register } from '../factories/people.js';
import { makeServer, newExternalId } from '../factories/servers.js';
import { eventsOf } from '../factories/sql.js';

vi.mock('../../apps/api/src/factors.js', async (original) => {
  const { factorProviders } = await original<typeof import('../../apps/api/src/factors.js')>();
  const { CourierFactor, LeafletFactor, WhistleFactor } = await import('../factories/courier.factor.js');
  return { factorProviders: [...factorProviders, CourierFactor, LeafletFactor, WhistleFactor] };
});

const MINUTE = 60_000;

describe('what a provider of its own may send', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp({ env: { RATE_LIMIT_SEND: '5/1h', EMAIL_DAILY_LIMIT: '100' } });
  });
  afterAll(() => world.stop());
  beforeEach(() => {
    carried.length = 0;
    world.clock.advance(24 * 60 * MINUTE);
  });

  const enrol = (token: string, type = 'courier', address = 'invented'): Promise<Answer> =>
    world.client.post('/v1/me/factors', { type, address }, { token });
  const owner = async (type: string): Promise<Person & { readonly factorId: string }> => {
    const person = await register(world);
    const { body } = await enrol(person.accessToken, type);
    await activate(world, person.accessToken, body.id, 'sesame');
    carried.length = 0;
    return { ...person, factorId: body.id as string };
  };
  const expectLimited = (refused: Answer, reason: string): void => {
    expectProblem(refused, 429, 'rate_limited');
    expect(refused.body.reason).toBe(reason);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  };

  it('for one challenge is one in a minute, and says when there may be another', async () => {
    const person = await owner('courier');
    const challenge = await beginLogin(world, person);
    const first = await sendCode(world, challenge, person.factorId);
    expect({ status: first.status, body: first.body }).toEqual({
      status: 200,
      body: { word: 'open', resendAfter: 60 },
    });
    for (let more = 0; more < 29; more += 1) {
      expectLimited(await sendCode(world, challenge, person.factorId), 'resend_too_soon');
    }
    expect(carried).toHaveLength(1);
    world.clock.advance(MINUTE);
    expect((await sendCode(world, challenge, person.factorId)).status).toBe(200);
  });

  it('for one user is five an hour, each of them recorded', async () => {
    const person = await owner('courier');
    for (let sends = 1; sends < 5; sends += 1) {
      const challenge = await beginStepUp(world, person.accessToken);
      expect((await sendCode(world, challenge, person.factorId)).status).toBe(200);
    }
    const challenge = await beginStepUp(world, person.accessToken);
    expectLimited(await sendCode(world, challenge, person.factorId), 'user_limit');
    expect(carried).toHaveLength(4);
    const sent = await eventsOf(world.databaseUrl, person.id, 'challenge.sent');
    expect(sent.map(({ data }) => data['purpose'])).toEqual([
      'enrolment',
      ...Array.from({ length: 4 }, () => 'step_up'),
    ]);
    expect(sent[0]?.data).toMatchObject({ factorType: 'courier', channel: 'other' });
  });

  it('by enrolments of a new account is five an hour, and ten a day', async () => {
    const person = await register(world);
    const token = person.accessToken;
    for (let sends = 0; sends < 5; sends += 1) expect((await enrol(token)).status).toBe(201);
    for (let more = 0; more < 15; more += 1) expectLimited(await enrol(token), 'user_limit');
    expect(carried).toHaveLength(5);
    for (const left of [5, 0]) {
      world.clock.advance(61 * MINUTE);
      const { body } = await world.client.post('/v1/auth/login', {
        email: person.email,
        password: person.password,
      });
      const later = body.accessToken as string;
      for (let sends = 0; sends < left; sends += 1) expect((await enrol(later)).status).toBe(201);
      expectLimited(await enrol(later), 'user_limit');
    }
    expect(carried).toHaveLength(10);
  });

  it('by enrolments in an application is a fifth of its day, and never brakes an activated factor', async () => {
    const person = await owner('courier');
    for (let account = 0; account < 4; account += 1) {
      const { accessToken } = await register(world);
      for (let sends = 0; sends < 5; sends += 1) await enrol(accessToken);
    }
    expect(carried).toHaveLength(19);
    expectLimited(await enrol((await register(world)).accessToken), 'enrolment_limit');
    const server = await makeServer(world);
    const path = `/v1/users/${newExternalId()}/factors`;
    expectLimited(await server.post(path, { type: 'courier', address: 'x' }), 'enrolment_limit');
    const challenge = await beginLogin(world, person);
    expect((await sendCode(world, challenge, person.factorId)).status).toBe(200);
  });

  it('is not counted where the input is refused, nor where a challenge has nothing of its own', async () => {
    const { accessToken: token } = await register(world);
    for (let refused = 0; refused < 6; refused += 1) {
      expectProblem(await enrol(token, 'courier', ''), 400, 'validation_failed');
    }
    expect((await enrol(token)).status).toBe(201);
    const person = await owner('whistle');
    const challenge = await beginLogin(world, person);
    for (let asked = 0; asked < 6; asked += 1) {
      expectProblem(await sendCode(world, challenge, person.factorId), 409, 'conflict');
    }
  });

  it('is not limited where the provider says that it sends nothing', async () => {
    const person = await owner('leaflet');
    const challenge = await beginLogin(world, person);
    for (let shown = 0; shown < 6; shown += 1) {
      const { status, body } = await sendCode(world, challenge, person.factorId);
      expect({ status, body }).toEqual({ status: 200, body: { word: 'open' } });
    }
    const { accessToken: token } = await register(world);
    for (let more = 0; more < 6; more += 1) expect((await enrol(token, 'leaflet')).status).toBe(201);
    expect(await eventsOf(world.databaseUrl, person.id, 'challenge.sent')).toEqual([]);
  });
});
