import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { sendCode } from '../factories/codes.js';
import { answer, beginStepUp, factorsOf, stepUp } from '../factories/factors.js';
import {
  beginLogin,
  type OpenChallenge,
  type Person,
  register,
  registerWithTotp,
} from '../factories/people.js';
import {
  type Oddities,
  type PublicKeyOptions,
  SoftwareAuthenticator,
} from '../factories/software-authenticator.js';
import { eventsOf, sql } from '../factories/sql.js';

const ORIGIN = 'https://auth.example.com';

describe('a security key', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp({
      env: { PUBLIC_URL: ORIGIN, CORS_ORIGINS: 'https://app.auth.example.com,https://elsewhere.test' },
    });
  });
  afterAll(() => world.stop());

  interface Keyed {
    readonly person: Person;
    readonly key: SoftwareAuthenticator;
    readonly factorId: string;
  }

  async function begin(token: string): Promise<{ id: string; publicKey: PublicKeyOptions }> {
    const { status, body } = await world.client.post('/v1/me/factors', { type: 'webauthn' }, { token });
    expect(status).toBe(201);
    return body as { id: string; publicKey: PublicKeyOptions };
  }

  function activate(token: string, id: string, credential: unknown): Promise<Answer> {
    return world.client.post(`/v1/me/factors/${id}/activate`, { credential }, { token });
  }

  async function somebody(key = new SoftwareAuthenticator(ORIGIN)): Promise<Keyed> {
    const person = await register(world);
    const { id, publicKey } = await begin(person.accessToken);
    const { status, body } = await activate(person.accessToken, id, key.create(publicKey));
    expect({ status, code: body.code }).toEqual({ status: 200, code: undefined });
    return { person, key, factorId: id };
  }

  async function asked(challenge: OpenChallenge, factorId: string): Promise<PublicKeyOptions> {
    const { status, body } = await sendCode(world, challenge, factorId);
    expect(status).toBe(200);
    return body.publicKey as PublicKeyOptions;
  }

  /** Opens a login and answers it, oddly or not. */
  async function logIn({ person, key, factorId }: Keyed, odd: Oddities = {}): Promise<Answer> {
    const challenge = await beginLogin(world, person);
    return answer(world, challenge, { credential: key.get(await asked(challenge, factorId), odd) });
  }

  it('is enrolled with options for the browser, and named in lists', async () => {
    const person = await register(world);
    const { accessToken: token } = person;
    const enrolled = await world.client.post(
      '/v1/me/factors',
      { type: 'webauthn', label: 'Blue key' },
      { token },
    );
    expect(enrolled.body).toMatchObject({
      status: 'pending',
      publicKey: {
        rp: { id: 'auth.example.com', name: 'Countersign' },
        user: { name: person.email },
        attestation: 'none',
        authenticatorSelection: { userVerification: 'preferred', residentKey: 'preferred' },
      },
    });
    expect(Buffer.from(enrolled.body.publicKey.challenge, 'base64url')).toHaveLength(32);
    const key = new SoftwareAuthenticator(ORIGIN);
    const activated = await activate(token, enrolled.body.id, key.create(enrolled.body.publicKey));
    expect(activated.body).toMatchObject({
      factor: { label: 'Blue key', hint: 'Security key', isDefault: true },
    });
    expect(activated.body.backupCodes).toHaveLength(10);
  });

  it('opens a session, and is one of several', async () => {
    const keyed = await somebody();
    const { status, body } = await logIn(keyed);
    expect(status).toBe(200);
    const second = await begin(body.accessToken);
    const key = new SoftwareAuthenticator(ORIGIN);
    expect((await activate(body.accessToken, second.id, key.create(second.publicKey))).status).toBe(200);
    expect((await logIn({ ...keyed, key, factorId: second.id })).status).toBe(422);
    const challenge = await beginLogin(world, keyed.person);
    const options = await asked(challenge, second.id);
    expect(options.allowCredentials?.map(({ id }) => id)).toEqual([key.id]);
    const credential = key.get(options);
    expect((await answer(world, challenge, { factorId: second.id, credential })).status).toBe(200);
  });

  it('may be used below its own host, and without user verification', async () => {
    const keyed = await somebody();
    expect((await logIn(keyed, { origin: 'https://app.auth.example.com' })).status).toBe(200);
    expect((await logIn(keyed, { userVerified: false })).status).toBe(200);
  });

  it.each<[string, Oddities]>([
    ['at another origin', { origin: 'https://evil.example' }],
    ['at an allowed origin of another host', { origin: 'https://elsewhere.test' }],
    ['at its own host in clear', { origin: 'http://auth.example.com' }],
    ['at another port', { origin: 'https://auth.example.com:8443' }],
    ['for another site', { rpId: 'evil.example' }],
    ['for a challenge of its own', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
    ['for a registration', { type: 'webauthn.create' }],
    ['without anybody present', { userPresent: false }],
    ['with a counter that stands still', { counter: 1 }],
    ['with a counter that went back', { counter: 0 }],
  ])('is refused %s', async (_what, odd) => {
    const keyed = await somebody();
    expectProblem(await logIn(keyed, odd), 422, 'answer_rejected');
    expect((await logIn(keyed)).status).toBe(200);
  });

  it('that was copied is noticed: its counter does not rise', async () => {
    const keyed = await somebody();
    expect((await logIn(keyed, { counter: 9 })).status).toBe(200);
    expectProblem(await logIn(keyed, { counter: 9 }), 422, 'answer_rejected');
    const failed = await eventsOf(world.databaseUrl, keyed.person.id, 'challenge.failed');
    expect(failed.at(-1)?.data).toMatchObject({ factorType: 'webauthn', reason: 'stale' });
    expect((await logIn(keyed, { counter: 10 })).status).toBe(200);
  });

  it('that does not count is accepted again and again, each time for a challenge of its own', async () => {
    const keyed = await somebody(new SoftwareAuthenticator(ORIGIN, undefined));
    expect((await logIn(keyed)).status).toBe(200);
    expect((await logIn(keyed)).status).toBe(200);
  });

  it('answers one challenge with one answer', async () => {
    const keyed = await somebody();
    const first = await beginLogin(world, keyed.person);
    const credential = keyed.key.get(await asked(first, keyed.factorId));
    const other = await beginLogin(world, keyed.person);
    expectProblem(await answer(world, other, { credential }), 422, 'answer_rejected');
    const answers = await Promise.all([1, 2, 3, 4].map(() => answer(world, first, { credential })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410, 410, 410]);
  });

  it("is not another key: neither with its id nor with another's signature", async () => {
    const [mine, theirs] = [await somebody(), await somebody()];
    const challenge = await beginLogin(world, mine.person);
    const options = await asked(challenge, mine.factorId);
    const foreign = theirs.key.get(options);
    for (const credential of [foreign, { ...foreign, id: mine.key.id, rawId: mine.key.id }]) {
      expectProblem(await answer(world, challenge, { credential }), 422, 'answer_rejected');
    }
  });

  it('neither registers with an assertion nor logs in with a registration', async () => {
    const keyed = await somebody();
    const { accessToken: token } = await register(world);
    const pending = await begin(token);
    const assertion = keyed.key.get({ challenge: pending.publicKey.challenge, rpId: 'auth.example.com' });
    expectProblem(await activate(token, pending.id, assertion), 422, 'answer_rejected');
    const challenge = await beginLogin(world, keyed.person);
    const { challenge: nonce } = await asked(challenge, keyed.factorId);
    const registration = keyed.key.create({ challenge: nonce, rp: { id: 'auth.example.com' } });
    expectProblem(await answer(world, challenge, { credential: registration }), 422, 'answer_rejected');
  });

  it.each<[string, Oddities]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another site', { rpId: 'evil.example' }],
    ['another challenge', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
    ['an assertion', { type: 'webauthn.get' }],
  ])('is not enrolled by a registration for %s', async (_what, odd) => {
    const { accessToken: token } = await register(world);
    const { id, publicKey } = await begin(token);
    expectProblem(
      await activate(token, id, new SoftwareAuthenticator(ORIGIN).create(publicKey, odd)),
      422,
      'answer_rejected',
    );
    expect((await factorsOf(world, token)).map(({ status }) => status)).toEqual(['pending']);
  });

  it.each([
    [null],
    ['x'],
    [{}],
    [{ id: 'a', rawId: 'a', type: 'public-key' }],
    [{ id: 'a', rawId: 'a', type: 'password', response: { clientDataJSON: 'e30' } }],
    [{ id: 'a b', rawId: 'a b', type: 'public-key', response: { clientDataJSON: 'e30' } }],
    [{ id: 'a', rawId: 'a', type: 'public-key', response: { clientDataJSON: 'x'.repeat(20_000) } }],
  ])('takes no credential such as %j', async (credential) => {
    const { person } = await somebody();
    const challenge = await beginLogin(world, person);
    expectProblem(await answer(world, challenge, { credential }), 400, 'validation_failed');
  });

  it.each([
    ['no JSON', { clientDataJSON: 'AAAA' }],
    ['null', { clientDataJSON: Buffer.from('null').toString('base64url') }],
    ['short data', { authenticatorData: 'AAAA' }],
    ['no signature', { signature: 'AAAA' }],
  ])('refuses garbage: %s', async (_what, parts) => {
    const keyed = await somebody();
    const challenge = await beginLogin(world, keyed.person);
    const credential = keyed.key.get(await asked(challenge, keyed.factorId)) as { response: object };
    const broken = { ...credential, response: { ...credential.response, ...parts } };
    expectProblem(await answer(world, challenge, { credential: broken }), 422, 'answer_rejected');
  });

  it('steps up beside an authenticator app, and is asked for by its own id', async () => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    const { id, publicKey } = await begin(token);
    const key = new SoftwareAuthenticator(ORIGIN);
    await activate(token, id, key.create(publicKey));
    const challenge = await beginStepUp(world, token);
    const credential = key.get(await asked(challenge, id));
    expectProblem(await answer(world, challenge, { credential }), 422, 'answer_rejected');
    const { status, body } = await answer(world, challenge, { factorId: id, credential });
    expect({ status, state: body.status }).toEqual({ status: 200, state: 'authenticated' });
  });

  it("belongs to its application's own site where that has one", async () => {
    await sql(world.databaseUrl, `UPDATE applications SET allowed_origins = '{https://shop.example}'`);
    world.clock.advance(6_000);
    try {
      const { accessToken: token } = await register(world);
      const { id, publicKey } = await begin(token);
      expect(publicKey.rp?.id).toBe('shop.example');
      const key = new SoftwareAuthenticator('https://shop.example');
      expect((await activate(token, id, key.create(publicKey))).status).toBe(200);
    } finally {
      await sql(world.databaseUrl, `UPDATE applications SET allowed_origins = '{}'`);
      world.clock.advance(6_000);
    }
  });
});
