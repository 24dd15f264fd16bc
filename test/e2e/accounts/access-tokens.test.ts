import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportSPKI,
  importJWK,
  jwtVerify,
  SignJWT,
} from 'jose';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, makeApplication, signingKeyOf } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { logIn, type Person, register, registerWithTotp } from '../../factories/people.js';

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

describe('an access token', () => {
  let world: TestApp;
  let person: Person;
  beforeAll(async () => {
    world = await startTestApp({ env: { PUBLIC_URL: 'http://auth.test' } });
    person = await register(world);
  });
  afterAll(() => world.stop());

  const answerTo = async (token: string): Promise<string> => {
    const { status, body } = await world.client.get('/v1/me', { token });
    return status === 200 ? 'accepted' : `${status} ${body.code}`;
  };
  /** Our own key signs what is not quite an access token. */
  const signed = (header: object, claims: object): Promise<string> => {
    const { kid, privateKey } = signingKeyOf(world);
    return new SignJWT({ ...decodeJwt(person.accessToken), ...claims })
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt', ...header })
      .sign(privateKey);
  };

  it('verifies against the published keys, with a type and an audience of its own', async () => {
    const { body: jwks, headers } = await world.client.get('/.well-known/jwks.json');
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(jwks.keys).toHaveLength(1);
    expect(Object.keys(jwks.keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(jwks.keys[0]).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });

    const { payload, protectedHeader } = await jwtVerify(person.accessToken, createLocalJWKSet(jwks), {
      algorithms: ['ES256'],
      typ: 'at+jwt',
      issuer: 'http://auth.test',
      audience: 'http://auth.test/v1',
      currentDate: world.clock.now(),
    });
    const now = Math.floor(world.clock.now().getTime() / 1_000);
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: jwks.keys[0].kid });
    expect(payload).toEqual({
      iss: 'http://auth.test',
      aud: 'http://auth.test/v1',
      sub: person.id,
      sid: expect.stringMatching(/^ses_/),
      app: expect.stringMatching(/^app_/),
      role: 'user',
      auth_time: now,
      amr: ['pwd'],
      iat: now,
      exp: now + 900,
      jti: expect.any(String),
    });
  });

  it('carries when and how a second factor was proven', async () => {
    const owner = await registerWithTotp(world);
    const at = Math.floor(world.clock.now().getTime() / 1_000);
    const { accessToken } = await logIn(world, owner);
    expect(decodeJwt(accessToken)).toMatchObject({ mfa_time: at, auth_time: at, amr: ['pwd', 'otp', 'mfa'] });
  });

  it('works until its fifteen minutes are over', async () => {
    const { accessToken } = await register(world);
    world.clock.advance(15 * 60_000 - 1_000);
    expect(await answerTo(accessToken)).toBe('accepted');
    world.clock.advance(1_000);
    expect(await answerTo(accessToken)).toBe('401 invalid_token');
    world.clock.advance(-15 * 60_000);
  });

  it('is accepted when it is signed as ours are, so that the refusals below mean something', async () => {
    expect(await answerTo(await signed({}, {}))).toBe('accepted');
  });

  it.each<[string, object, object]>([
    ['a type of another token', { typ: '2fa-assertion+jwt' }, {}],
    ['the type of any token', { typ: 'JWT' }, {}],
    ['no type', { typ: undefined }, {}],
    ['the audience of another token', {}, { aud: 'default' }],
    ['no audience', {}, { aud: undefined }],
    ['another issuer', {}, { iss: 'http://other.test' }],
    ['no session', {}, { sid: undefined }],
    ['a session that does not exist', {}, { sid: `ses_${'0'.repeat(26)}` }],
    ['a session that is none', {}, { sid: "' OR 1=1" }],
    ['another user than its session’s', {}, { sub: `usr_${'0'.repeat(26)}` }],
    ['another application than its session’s', {}, { app: `app_${'0'.repeat(26)}` }],
    ['an end that has passed', {}, { exp: 1 }],
    ['no end', {}, { exp: undefined }],
    ['a beginning that has not come', {}, { nbf: 9_999_999_999 }],
    ['a key of ours that does not exist', { kid: 'unknown' }, {}],
  ])('is refused with %s', async (_fault, header, claims) => {
    expect(await answerTo(await signed(header, claims))).toBe('401 invalid_token');
  });

  it('is refused without a signature, whatever the algorithm is called', async () => {
    const [, payload, signature = ''] = person.accessToken.split('.');
    const { kid } = decodeProtectedHeader(person.accessToken);
    for (const alg of ['none', 'None', 'NONE', '']) {
      const header = encode({ alg, typ: 'at+jwt', kid });
      expect(await answerTo(`${header}.${payload}.`)).toBe('401 invalid_token');
      expect(await answerTo(`${header}.${payload}.${signature}`)).toBe('401 invalid_token');
    }
  });

  it('is refused when the published key signed it as a shared secret', async () => {
    const { body: jwks } = await world.client.get('/.well-known/jwks.json');
    const publicKey = await importJWK(jwks.keys[0], 'ES256');
    if (publicKey instanceof Uint8Array) throw new Error('not a public key');
    const spki = await exportSPKI(publicKey);
    const secrets = [spki, spki.trim(), JSON.stringify(jwks.keys[0]), jwks.keys[0].x as string];
    for (const secret of secrets) {
      const forged = await new SignJWT(decodeJwt(person.accessToken))
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: jwks.keys[0].kid })
        .sign(createSecretKey(Buffer.from(secret.padEnd(32))));
      expect(await answerTo(forged)).toBe('401 invalid_token');
    }
  });

  it('is refused when a stranger’s key signed it, also one that the token brings along', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { kid } = signingKeyOf(world);
    const jwk = { ...publicKey.export({ format: 'jwk' }) };
    for (const more of [{}, { jwk }, { jku: 'http://127.0.0.1:9/jwks.json' }]) {
      const forged = await new SignJWT(decodeJwt(person.accessToken))
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...more })
        .sign(privateKey);
      expect(await answerTo(forged)).toBe('401 invalid_token');
    }
  });

  it('is refused with any part changed', async () => {
    const [header = '', , signature = ''] = person.accessToken.split('.');
    const promoted = encode({ ...decodeJwt(person.accessToken), role: 'admin' });
    for (const token of [
      `${header}.${promoted}.${signature}`,
      `${person.accessToken}A`,
      person.accessToken.slice(0, -4),
      `${person.accessToken}.`,
      '..',
      'a.b.c',
    ]) {
      expect(await answerTo(token)).toBe('401 invalid_token');
    }
  });

  it('is no good to a service with another master key, or another public address', async () => {
    const other = await startTestApp({ env: { PUBLIC_URL: 'http://auth.test' } });
    try {
      expectProblem(await other.client.get('/v1/me', { token: person.accessToken }), 401, 'invalid_token');
    } finally {
      await other.stop();
    }
  });

  it('acts on the application of its user, whatever the header names', async () => {
    const slug = await makeApplication(world, 'elsewhere');
    const token = person.accessToken;
    for (const path of ['/v1/me', '/v1/me/factors', '/v1/auth/sessions']) {
      const elsewhere = await world.client.get(path, { token, headers: { 'x-application': slug } });
      expectProblem(elsewhere, 404, 'not_found');
    }
  });

  it('is read from the Authorization header as Bearer only', async () => {
    const token = person.accessToken;
    const bare = await world.client.get(`/v1/me?access_token=${token}`);
    expectProblem(bare, 401, 'unauthenticated');
    expect(bare.headers.get('www-authenticate')).toBe('Bearer');
    for (const authorization of [token, `Basic ${token}`, `Bearer ${token} ${token}`, `Bearer "${token}"`]) {
      const answer = await world.client.get('/v1/me', { headers: { authorization } });
      expectProblem(answer, 401, 'invalid_token');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    }
    const shouted = await world.client.get('/v1/me', { headers: { authorization: `BEARER ${token}` } });
    expect(shouted.status).toBe(200);
  });
});
