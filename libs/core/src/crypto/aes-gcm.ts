import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';

/** NIST SP 800-38D section 8.2.2: a random nonce of 96 bits, good for 2^32 messages under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What encryption adds to the plaintext's length, in bytes. */
export const AES_GCM_OVERHEAD = NONCE_BYTES + TAG_BYTES;

/**
 * Encrypts with AES-256-GCM (NIST SP 800-38D) under a fresh random nonce.
 * @param key 32 bytes
 * @param bound what must be presented again to decrypt; it is authenticated, not kept
 * @returns nonce (12 bytes), ciphertext, tag (16 bytes)
 */
export function encrypt(key: KeyObject, plaintext: Uint8Array, bound: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(bound);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Decrypts what `encrypt` returned.
 * @returns the plaintext; undefined for another key, other bound bytes, a changed or a shortened input
 */
export function decrypt(key: KeyObject, encrypted: Uint8Array, bound: Uint8Array): Buffer | undefined {
  if (encrypted.length < AES_GCM_OVERHEAD) return undefined;
  const nonce = encrypted.subarray(0, NONCE_BYTES);
  const ciphertext = encrypted.subarray(NONCE_BYTES, -TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(bound)
    .setAuthTag(encrypted.subarray(-TAG_BYTES));
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    // OpenSSL says no more than that the tag does not fit.
    return undefined;
  }
  return plaintext;
}

/**
 * Writes texts so that no two lists of texts give the same bytes: each as its length in four bytes, then its UTF-8.
 */
export function unambiguous(...texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
