import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { uuidFromBytes, uuidToBytes } from '../ids/uuid-bytes.js';

/** The ids (UUIDs) that each kind of opaque token carries in clear. */
interface IdsByKind {
  /** Temp token: opens one challenge. */
  readonly tmp: readonly [application: string, user: string];
  /** Temp token of a login whose session is to travel in cookies: told from the other by its length. */
  readonly tmpc: readonly [application: string, user: string, challenge: string];
  /** Refresh token: continues one session. */
  readonly rft: readonly [session: string];
  /** Device token: says that a device is trusted. */
  readonly dvt: readonly [application: string, device: string];
  /** In a mailed link: proves that its holder reads the mail of an address. */
  readonly vfy: readonly [link: string];
  /** In a mailed link: gives an account a new password. */
  readonly rst: readonly [link: string];
}

/** A kind of opaque token. */
export type TokenKind = keyof IdsByKind;

/** The ids of one kind. */
export type TokenIds<K extends TokenKind> = IdsByKind[K];

/** How many ids each kind carries. */
const KINDS = { tmp: 2, tmpc: 3, rft: 1, dvt: 2, vfy: 1, rst: 1 } as const satisfies {
  [K in TokenKind]: IdsByKind[K]['length'];
};

/** What a token of a kind begins with, before the underscore. */
const PREFIXES = {
  tmp: 'tmp',
  tmpc: 'tmp',
  rft: 'rft',
  dvt: 'dvt',
  vfy: 'vfy',
  rst: 'rst',
} as const satisfies Readonly<Record<TokenKind, string>>;

/** A token that goes out, and what is kept of it. */
export interface MintedToken {
  /** Goes to its holder once and is never stored. */
  readonly token: string;
  /** SHA-256 of the whole token text, 32 bytes. */
  readonly digest: Buffer;
}

/** What a token that came in says of itself; whether it is one of ours is known when its digest is found. */
export interface ParsedToken<K extends TokenKind> {
  readonly ids: TokenIds<K>;
  /** 32 bytes. */
  readonly secret: Buffer;
  /** SHA-256 of the whole token text, 32 bytes. */
  readonly digest: Buffer;
}

/** 256 bits: more than the 160 that RFC 6749 section 10.10 recommends, so that a plain SHA-256 keeps them safe. */
const SECRET_BYTES = 32;
const ID_BYTES = 16;

/**
 * Makes a new token with 256 random bits.
 * @param ids UUIDs, as many as the kind has
 */
export function mintToken<K extends TokenKind>(kind: K, ids: TokenIds<K>): MintedToken {
  return tokenFrom(kind, ids, randomBytes(SECRET_BYTES));
}

/**
 * Builds the token of a given secret: the same one each time, as a refresh token's successor needs.
 * @param ids UUIDs, as many as the kind has
 * @param secret 32 bytes that nobody can guess
 * @returns the kind's prefix, `_` and the base64url (RFC 4648 section 5, unpadded) of ids and secret, with its digest
 * @throws TypeError for a wrong number of ids, an id that is no UUID, or a secret of another length
 */
export function tokenFrom<K extends TokenKind>(kind: K, ids: TokenIds<K>, secret: Uint8Array): MintedToken {
  if (ids.length !== KINDS[kind]) throw new TypeError(`a ${kind} token has ${KINDS[kind]} ids`);
  if (secret.length !== SECRET_BYTES) throw new TypeError('the secret of a token has 32 bytes');
  const body = Buffer.concat([...ids.map(uuidToBytes), secret]);
  const token = `${PREFIXES[kind]}_${body.toString('base64url')}`;
  return { token, digest: digestOf(token) };
}

/**
 * Reads a token that came from outside. Each token has one spelling only: padding, the other base64 alphabet, blanks
 * and stray last bits (RFC 4648 section 3.5) are refused, so that no second text stands for the same token.
 * @returns its parts; undefined for anything else. Never throws.
 */
export function parseToken<K extends TokenKind>(kind: K, text: string): ParsedToken<K> | undefined {
  const start = `${PREFIXES[kind]}_`;
  const idsBytes = KINDS[kind] * ID_BYTES;
  const bodyLength = Math.ceil(((idsBytes + SECRET_BYTES) * 4) / 3);
  if (text.length !== start.length + bodyLength || !text.startsWith(start)) return undefined;
  const encoded = text.slice(start.length);
  const body = Buffer.from(encoded, 'base64url');
  if (body.toString('base64url') !== encoded) return undefined;
  const ids = Array.from({ length: KINDS[kind] }, (_, index) =>
    uuidFromBytes(body.subarray(index * ID_BYTES, (index + 1) * ID_BYTES)),
  );
  return {
    // As many as the kind has, which the compiler cannot count.
    ids: ids as readonly string[] as TokenIds<K>,
    secret: body.subarray(idsBytes),
    digest: digestOf(text),
  };
}

/** Compares two digests in a time that tells nothing of where they differ; false for different lengths. */
export function digestsEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
