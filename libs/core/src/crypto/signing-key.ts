import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';

/** The public half of a signing key, as the JWKS route publishes it (RFC 7517, RFC 7518 section 6.2). */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

/** A key that signs JWTs with ES256. */
export interface SigningKey {
  /** RFC 7638 thumbprint of the public half, so that a key names itself. */
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly privateKey: KeyObject;
}

/** Makes an ES256 key (ECDSA on P-256, RFC 7518 section 3.4). */
export function generateSigningKey(): SigningKey {
  return signingKeyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

/** The private key as PKCS #8 DER (RFC 5208), in clear: for the sealer's hands only. */
export function exportSigningKey(privateKey: KeyObject): Buffer {
  return privateKey.export({ format: 'der', type: 'pkcs8' });
}

/**
 * Reads a signing key back from what `exportSigningKey` returned.
 * @throws Error for bytes that are no PKCS #8, and for a key on another curve
 */
export function importSigningKey(pkcs8: Uint8Array): SigningKey {
  return signingKeyOf(createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' }));
}

/**
 * The thumbprint of a public EC key (RFC 7638): SHA-256 over its required members in lexicographic order without
 * blanks, base64url.
 */
export function jwkThumbprint({ crv, kty, x, y }: Pick<PublicJwk, 'crv' | 'kty' | 'x' | 'y'>): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

function signingKeyOf(privateKey: KeyObject): SigningKey {
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined) {
    throw new Error('a signing key is an EC key on P-256');
  }
  const kid = jwkThumbprint({ crv, kty, x, y });
  return { kid, publicJwk: { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' }, privateKey };
}
