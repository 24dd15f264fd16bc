import { Injectable } from '@nestjs/common';
import { digestsEqual, Sealer } from '@countersign/core';
import { createHmac, type KeyObject, randomBytes } from 'node:crypto';

const NONCE_BYTES = 16;
const MAC_BYTES = 32;

/**
 * Tokens that a page of ours sends along with a cookie: only who may read our answers has one, and it is bound to the
 * session, so that nobody's own works for somebody else (OWASP, signed double submit).
 */
@Injectable()
export class CsrfTokens {
  readonly #key: KeyObject;

  constructor(sealer: Sealer) {
    this.#key = sealer.deriveKey('csrf-token');
  }

  /** @param sessionId UUID */
  issue(sessionId: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    return Buffer.concat([nonce, this.#mac(nonce, sessionId)]).toString('base64url');
  }

  /** Whether a text is a token of this very session. */
  isOf(sessionId: string, text: string): boolean {
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length !== NONCE_BYTES + MAC_BYTES || bytes.toString('base64url') !== text) return false;
    return digestsEqual(bytes.subarray(NONCE_BYTES), this.#mac(bytes.subarray(0, NONCE_BYTES), sessionId));
  }

  #mac(nonce: Uint8Array, sessionId: string): Buffer {
    return createHmac('sha256', this.#key).update(nonce).update(sessionId).digest();
  }
}
