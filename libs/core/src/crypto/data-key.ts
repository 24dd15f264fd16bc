import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { AES_GCM_OVERHEAD, decrypt, encrypt, unambiguous } from './aes-gcm.js';

const KEY_BYTES = 32;
const FORMAT = 1;
const WRAPPED_BYTES = 1 + AES_GCM_OVERHEAD + KEY_BYTES;

/** A key that seals values at rest, and the id (UUID) of the row that keeps it wrapped. */
export interface DataKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** The outcome of unwrapping a data key. */
export type Unwrapped =
  /** `by` is the index of the master key that fitted: over 0 means an older one, so that the key is to be wrapped again. */
  | { readonly opened: true; readonly key: KeyObject; readonly by: number }
  /** `wrong-key`: none of the master keys fits, or the bytes or the id were changed, which cannot be told apart. */
  | { readonly opened: false; readonly reason: 'wrong-key' | 'malformed' };

/**
 * Reads the master keys as the configuration gives them.
 * @param texts 32 bytes each, base64 or base64url, newest first
 * @throws Error that names the position and never the text; the configuration has checked them before
 */
export function masterKeysFrom(texts: readonly string[]): KeyObject[] {
  return texts.map((text, index) => {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length !== KEY_BYTES) {
      throw new Error(`master key ${index + 1} is not 32 bytes in base64`);
    }
    return createSecretKey(bytes);
  });
}

/** Makes a data key of 256 random bits. It is a KeyObject, which prints nothing and encrypts faster than a Buffer. */
export function newDataKey(): KeyObject {
  return createSecretKey(randomBytes(KEY_BYTES));
}

/**
 * Wraps a data key for the database with AES-256-GCM, bound to its id.
 * @param masterKey 32 bytes
 * @param dataKeyId the UUID of the row that keeps it
 * @param dataKey 32 bytes
 * @returns 61 bytes: format, nonce, ciphertext, tag
 */
export function wrapDataKey(masterKey: KeyObject, dataKeyId: string, dataKey: KeyObject): Buffer {
  const plain = dataKey.export();
  if (plain.length !== KEY_BYTES) throw new TypeError('a data key has 32 bytes');
  return Buffer.concat([Buffer.of(FORMAT), encrypt(masterKey, plain, boundTo(dataKeyId))]);
}

/**
 * Unwraps a data key with the first master key that fits.
 * @param masterKeys newest first
 * @param dataKeyId the UUID of the row that keeps it
 * @param wrapped what `wrapDataKey` returned
 * @returns the key and which master key opened it, or why it stays closed
 */
export function unwrapDataKey(
  masterKeys: readonly KeyObject[],
  dataKeyId: string,
  wrapped: Uint8Array,
): Unwrapped {
  if (wrapped.length !== WRAPPED_BYTES || wrapped[0] !== FORMAT)
    return { opened: false, reason: 'malformed' };
  for (const [by, masterKey] of masterKeys.entries()) {
    const plain = decrypt(masterKey, wrapped.subarray(1), boundTo(dataKeyId));
    if (plain !== undefined) return { opened: true, key: createSecretKey(plain), by };
  }
  return { opened: false, reason: 'wrong-key' };
}

function boundTo(dataKeyId: string): Buffer {
  return unambiguous('countersign/data-key', String(FORMAT), dataKeyId);
}
