import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, importJWK, jwtVerify, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { exportSigningKey, generateSigningKey, importSigningKey, jwkThumbprint } from './signing-key.js';

describe('a signing key', () => {
  it('is named by the RFC 7638 thumbprint of its public half', async () => {
    for (let count = 0; count < 20; count += 1) {
      const { kid, publicJwk } = generateSigningKey();
      expect(kid).toBe(await calculateJwkThumbprint({ ...publicJwk }, 'sha256'));
      expect(publicJwk.kid).toBe(kid);
    }
  });

  it('has the thumbprint that others compute for the P-256 key of RFC 7517 appendix A.1', () => {
    expect(
      jwkThumbprint({
        kty: 'EC',
        crv: 'P-256',
        x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
        y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
      }),
    ).toBe('cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s');
  });

  it('publishes its public half only', () => {
    const { publicJwk } = generateSigningKey();

    expect(Object.keys(publicJwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(publicJwk).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
  });

  it('signs what another library verifies with the published half', async () => {
    const { publicJwk, privateKey } = generateSigningKey();
    const jwt = await new SignJWT({ sub: 'usr_1' }).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);

    const { payload } = await jwtVerify(jwt, await importJWK({ ...publicJwk }));
    expect(payload.sub).toBe('usr_1');
  });

  it('comes back whole from its PKCS #8 bytes', () => {
    const key = generateSigningKey();
    const back = importSigningKey(exportSigningKey(key.privateKey));

    expect(back.publicJwk).toEqual(key.publicJwk);
    expect(createPublicKey(back.privateKey).equals(createPublicKey(key.privateKey))).toBe(true);
  });

  it('is refused on another curve and as bytes that are no key', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });

    expect(() => importSigningKey(exportSigningKey(privateKey))).toThrow('P-256');
    expect(() => importSigningKey(Buffer.from('nonsense'))).toThrow();
  });
});
