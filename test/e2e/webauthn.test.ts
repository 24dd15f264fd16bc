import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { sendCode } from '../factories/codes.js';
import { addTotp, answer, beginStepUp, factorsOf, stepUp } from '../factories/factors.js';
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
import { makeServer } from '../factories/servers.js';
import { eventsOf, sql, uuidOf } from '../factories/sql.js';
import { publicId } from '@countersign/core';
import { IdentityClaims } from '@countersign/factors';

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

  const idsOf = (credentials: PublicKeyOptions['allowCredentials'] = []): string[] =>
    credentials.map(({ id }) => id).sort();

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
    for (const factorId of [keyed.factorId, second.id]) {
      for (const one of [keyed.key, key]) {
        const challenge = await beginLogin(world, keyed.person);
        const options = await asked(challenge, factorId);
        expect(idsOf(options.allowCredentials)).toEqual([keyed.key.id, key.id].sort());
        const verified = await answer(world, challenge, { factorId, credential: one.get(options) });
        expect(verified.status).toBe(200);
      }
    }
    const factors = await factorsOf(world, body.accessToken);
    expect(factors.map(({ hint }) => hint)).toEqual(['Security key', '10', 'Security key (2)']);
  });

  describe('of several', () => {
    interface TwoKeys extends Keyed {
      readonly token: string;
      readonly second: Keyed;
    }

    /** Somebody with two keys, who has just activated the second. */
    async function somebodyWithTwo(): Promise<TwoKeys> {
      const person = await register(world);
      const first = new SoftwareAuthenticator(ORIGIN);
      const pending = await begin(person.accessToken);
      const { body } = await activate(person.accessToken, pending.id, first.create(pending.publicKey));
      const { second, token } = await another(person, body.accessToken);
      return { person, key: first, factorId: pending.id, second, token };
    }

    async function another(person: Person, token: string): Promise<{ second: Keyed; token: string }> {
      const key = new SoftwareAuthenticator(ORIGIN);
      const { id, publicKey } = await begin(token);
      const { status, body } = await activate(token, id, key.create(publicKey));
      expect(status).toBe(200);
      return { second: { person, key, factorId: id }, token: body.accessToken };
    }

    it('is not made twice of one authenticator: the browser is told which are there', async () => {
      const { token, key, second } = await somebodyWithTwo();
      const { publicKey } = await begin(token);
      expect(publicKey.excludeCredentials).toEqual(
        expect.arrayContaining(
          [key, second.key].map(({ id }) => ({ id, type: 'public-key', transports: ['usb'] })),
        ),
      );
      expect(publicKey.excludeCredentials).toHaveLength(2);
    });

    it('is one factor of one user: its credential is refused to everybody until it is removed', async () => {
      const { token, key, factorId } = await somebodyWithTwo();
      const stranger = await register(world);
      for (const other of [token, stranger.accessToken]) {
        const { id, publicKey } = await begin(other);
        expectProblem(await activate(other, id, key.create(publicKey)), 409, 'conflict');
        expect((await factorsOf(world, other)).find((factor) => factor.id === id)?.status).toBe('pending');
      }
      expect((await world.client.delete(`/v1/me/factors/${factorId}`, { token })).status).toBe(204);
      const { id, publicKey } = await begin(stranger.accessToken);
      expect((await activate(stranger.accessToken, id, key.create(publicKey))).status).toBe(200);
    });

    it('is claimed by one of those who activate it at the same time', async () => {
      const people: string[] = [];
      for (let count = 0; count < 4; count += 1) people.push((await register(world)).accessToken);
      const key = new SoftwareAuthenticator(ORIGIN, undefined);
      const pending = await Promise.all(people.map((token) => begin(token)));
      const answers = await Promise.all(
        pending.map(({ id, publicKey }, at) => activate(people[at] ?? '', id, key.create(publicKey))),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    });

    it('answers without its id, and for that of another; an id of another type is refused', async () => {
      const { person, token, key, factorId, second } = await somebodyWithTwo();
      const app = await addTotp(world, token);
      const answers = async (body: (credential: unknown) => object): Promise<number> => {
        const challenge = await beginLogin(world, person);
        return (await answer(world, challenge, body(second.key.get(await asked(challenge, factorId)))))
          .status;
      };
      expect(await answers((credential) => ({ credential }))).toBe(200);
      expect(await answers((credential) => ({ credential, factorId }))).toBe(200);
      expect(await answers((credential) => ({ credential, factorId: second.factorId }))).toBe(200);
      expect(await answers((credential) => ({ credential, factorId: app.id }))).toBe(422);
      const steppingUp = await beginStepUp(world, token);
      const credential = key.get(await asked(steppingUp, second.factorId));
      expect((await answer(world, steppingUp, { credential })).status).toBe(200);
    });

    it("answers a server's challenge, but not one for another of them", async () => {
      const server = await makeServer(world);
      const { person, key, factorId, second } = await somebodyWithTwo();
      const verify = async (more: object, by: SoftwareAuthenticator): Promise<[string[], Answer]> => {
        const opened = await server.post('/v1/challenges', { user: person.id, ...more });
        const path = `/v1/challenges/${opened.body.id}`;
        const shown = (await server.post(`${path}/send`, { factorId })).body.publicKey as PublicKeyOptions;
        const credential = by.get(shown);
        const verified = await server.post(`${path}/verify`, { user: person.id, credential });
        return [idsOf(shown.allowCredentials), verified];
      };
      const [both, approved] = await verify({}, second.key);
      expect(both).toEqual([key.id, second.key.id].sort());
      expect(approved.body).toMatchObject({ status: 'approved', factor: { id: second.factorId } });
      const [one, refused] = await verify({ factorId }, second.key);
      expect(one).toEqual([key.id]);
      expectProblem(refused, 422, 'answer_rejected');
    });

    it('is left out while it is locked', async () => {
      const { person, key, factorId, second } = await somebodyWithTwo();
      await sql(world.databaseUrl, 'UPDATE factors SET locked_at = now() WHERE id = $1', [
        uuidOf(second.factorId),
      ]);
      const challenge = await beginLogin(world, person);
      const options = await asked(challenge, factorId);
      expect(idsOf(options.allowCredentials)).toEqual([key.id]);
      const locked = await answer(world, challenge, { credential: second.key.get(options) });
      expectProblem(locked, 423, 'factor_locked');
      expect((await answer(world, challenge, { credential: key.get(options) })).status).toBe(200);
    });

    it('is told from others of its make, however often it is used and whichever are removed', async () => {
      const two = await somebodyWithTwo();
      const { token } = await another(two.person, two.token);
      const hints = async (): Promise<string[]> =>
        (await factorsOf(world, token)).map(({ hint }) => hint).filter((hint) => hint.startsWith('Sec'));
      expect(await hints()).toEqual(['Security key', 'Security key (2)', 'Security key (3)']);
      expect((await logIn(two.second)).status).toBe(200);
      expect(await hints()).toEqual(['Security key', 'Security key (2)', 'Security key (3)']);
      await world.client.delete(`/v1/me/factors/${two.second.factorId}`, { token });
      await another(two.person, token);
      expect(await hints()).toEqual(['Security key', 'Security key (3)', 'Security key (2)']);
    });

    it('that was enrolled before credentials were claimed is used as ever, and claimed by a worker', async () => {
      const broken = await somebody();
      const old = await somebodyWithTwo();
      const twin = await somebodyWithTwo();
      const unclaimed = async (): Promise<string[]> =>
        (
          await sql<{ id: string }>(
            world.databaseUrl,
            `SELECT id FROM factors WHERE type = 'webauthn' AND status = 'active' AND identity IS NULL`,
          )
        ).map(({ id }) => publicId('fac', id));
      await sql(world.databaseUrl, 'UPDATE factors SET identity = NULL');
      await sql(world.databaseUrl, `UPDATE factors SET secret = '\\x00' WHERE id = $1`, [
        uuidOf(broken.factorId),
      ]);
      expect((await logIn(old.second)).status).toBe(200);
      const claims = world.app.get(IdentityClaims);
      await claims.step();
      expect(await unclaimed(), 'but one that cannot be opened').toEqual([broken.factorId]);
      await sql(world.databaseUrl, 'DELETE FROM factors WHERE id = $1', [uuidOf(broken.factorId)]);
      // A pair that should not be, of the time before: neither is locked out.
      await sql(world.databaseUrl, 'UPDATE factors SET identity = NULL WHERE id = $1', [
        uuidOf(twin.factorId),
      ]);
      await sql(world.databaseUrl, 'UPDATE factors SET identity = $1 WHERE id = $2', [
        Buffer.alloc(32, 1),
        uuidOf(old.factorId),
      ]);
      await claims.step();
      expect(await unclaimed()).toEqual([]);
      expect((await logIn(twin)).status).toBe(200);
    });
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

  it('steps up beside an authenticator app, and is found by its credential', async () => {
    const person = await registerWithTotp(world);
    const token = await stepUp(world, person);
    const { id, publicKey } = await begin(token);
    const key = new SoftwareAuthenticator(ORIGIN);
    await activate(token, id, key.create(publicKey));
    const challenge = await beginStepUp(world, token);
    const credential = key.get(await asked(challenge, id));
    const { factorId } = person;
    expectProblem(await answer(world, challenge, { factorId, credential }), 422, 'answer_rejected');
    const { status, body } = await answer(world, challenge, { credential });
    expect({ status, state: body.status }).toEqual({ status: 200, state: 'authenticated' });
  });

  it("belongs to its application's own site where that has one", async () => {
    const keyed = await somebody();
    const stepUpWith = async ({ person, key, factorId }: Keyed): Promise<string> => {
      const challenge = await beginStepUp(world, person.accessToken);
      const credential = key.get(await asked(challenge, factorId));
      return (await answer(world, challenge, { credential })).body.accessToken as string;
    };
    await sql(world.databaseUrl, `UPDATE applications SET allowed_origins = '{https://shop.example}'`);
    world.clock.advance(6_000);
    try {
      const { accessToken: token } = await register(world);
      const { id, publicKey } = await begin(token);
      expect(publicKey.rp?.id).toBe('shop.example');
      const key = new SoftwareAuthenticator('https://shop.example');
      expect((await activate(token, id, key.create(publicKey))).status).toBe(200);
      // One site's keys are nothing to another's: neither excluded nor allowed.
      const challenge = await beginLogin(world, keyed.person);
      expect(idsOf((await asked(challenge, keyed.factorId)).allowCredentials)).toEqual([keyed.key.id]);
      const own = await stepUpWith(keyed);
      const elsewhere = await begin(own);
      expect(elsewhere.publicKey.excludeCredentials).toEqual([]);
      const shopKey = new SoftwareAuthenticator('https://shop.example');
      const added = await activate(own, elsewhere.id, shopKey.create(elsewhere.publicKey));
      expect(added.status).toBe(200);
      const both = await beginLogin(world, keyed.person);
      expect(idsOf((await asked(both, elsewhere.id)).allowCredentials)).toEqual([shopKey.id]);
      expect(idsOf((await asked(both, keyed.factorId)).allowCredentials)).toEqual([keyed.key.id]);
    } finally {
      await sql(world.databaseUrl, `UPDATE applications SET allowed_origins = '{}'`);
      world.clock.advance(6_000);
    }
  });
});
