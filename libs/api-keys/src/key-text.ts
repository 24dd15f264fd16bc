import { publicId, parsePublicId, Secret } from '@countersign/core';
import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** A key that goes out once, and what is kept of it. */
export interface MintedKey {
  readonly key: Secret;
  /** SHA-256 of the whole text, 32 bytes. */
  readonly digest: Buffer;
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET_BYTES = 32;
/** 62^43 > 2^256 and 62^6 > 2^32. */
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;

const ID_PREFIX = 'key_';
/** So long is the part of a key that `keyPrefix` makes. */
export const PREFIX_LENGTH = 'cs_'.length + 26;
const KEY = /^(cs_([0-9a-hjkmnp-tv-z]{26})_[0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

/** The part of a key that may be shown: it names the key and opens nothing. */
export function keyPrefix(id: string): string {
  return `cs_${publicId('key', id).slice(ID_PREFIX.length)}`;
}

/**
 * Makes the text of a key: `cs_`, its id, 256 random bits in base62, and a CRC-32 of all before it in base62. The
 * checksum lets scanners tell a leaked key from noise, and typos from keys, without asking us; it protects nothing.
 *
 * @param id UUID
 */
export function mintKey(id: string): MintedKey {
  const secret = base62(BigInt(`0x${randomBytes(SECRET_BYTES).toString('hex')}`), SECRET_LENGTH);
  const text = withChecksum(`${keyPrefix(id)}_${secret}`);
  return { key: new Secret(text), digest: keyDigest(text) };
}

/**
 * Reads a key that came from outside. Never throws.
 * @returns the UUID that it names, which is a key's when its digest is found; `undefined` for anything that is none, a
 * mistyped one included
 */
export function parseKey(text: string): string | undefined {
  const [, body, suffix] = KEY.exec(text) ?? [];
  if (body === undefined || suffix === undefined || withChecksum(body) !== text) return undefined;
  return parsePublicId('key', `${ID_PREFIX}${suffix}`);
}

/** What is kept of a key, and compared. @returns SHA-256 of the whole text, 32 bytes */
export function keyDigest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

function withChecksum(body: string): string {
  return `${body}${base62(BigInt(crc32(body)), CHECKSUM_LENGTH)}`;
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = `${DIGITS[Number(rest % 62n)] ?? ''}${text}`;
  return text.padStart(length, '0');
}
