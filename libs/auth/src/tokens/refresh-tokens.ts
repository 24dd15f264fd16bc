import { Injectable } from '@nestjs/common';
import { mintToken, parseToken, Sealer, tokenFrom } from '@countersign/core';
import { createHmac, type KeyObject } from 'node:crypto';

/** A refresh token that goes out once, and the digest that is kept of it. */
export interface MintedRefreshToken {
  readonly token: string;
  readonly digest: Buffer;
}

/** A refresh token that came in. */
export interface PresentedRefreshToken {
  /** UUID. */
  readonly sessionId: string;
  readonly secret: Buffer;
  readonly digest: Buffer;
}

/**
 * A session keeps the digest of every so-manyth token, so that no walk is longer: it would be work that anyone could
 * cause. Thirty days of a rotation every quarter of an hour need none.
 */
export const MILESTONE_EVERY = 3_000;

/**
 * Refresh tokens form a chain: each one's successor is an HMAC of it under a sealed key. So the same successor can be
 * given twice without being stored, and a token that is older than the one in force can be told from a made-up one.
 */
@Injectable()
export class RefreshTokens {
  readonly #key: KeyObject;

  constructor(sealer: Sealer) {
    this.#key = sealer.deriveKey('refresh-token-successor');
  }

  /** The first token of a session. */
  mint(sessionId: string): MintedRefreshToken {
    return mintToken('rft', [sessionId]);
  }

  /** Reads a token; `undefined` for any other text. */
  parse(text: string): PresentedRefreshToken | undefined {
    const parsed = parseToken('rft', text);
    return parsed && { sessionId: parsed.ids[0], secret: parsed.secret, digest: parsed.digest };
  }

  /** The one token that may follow. */
  successor({ sessionId, secret }: PresentedRefreshToken): MintedRefreshToken {
    return tokenFrom('rft', [sessionId], this.#next(secret));
  }

  /**
   * Whether a token once was in force before the one that is now: only such a token's reuse says that it was stolen.
   * @param later digests of the session's token that is in force, and of its milestones
   * @param generation how often the session's token was rotated; bounds the work
   */
  isAncestor(
    { sessionId, secret }: PresentedRefreshToken,
    later: readonly Buffer[],
    generation: number,
  ): boolean {
    // Looked up, so that many milestones make no step costlier; nobody can choose a digest, whose timing tells nothing.
    const known = new Set(later.map(nameOf));
    let next: Buffer = secret;
    for (let step = 0; step < Math.min(generation, MILESTONE_EVERY); step += 1) {
      next = this.#next(next);
      if (known.has(nameOf(tokenFrom('rft', [sessionId], next).digest))) return true;
    }
    return false;
  }

  #next(secret: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(secret).digest();
  }
}

function nameOf(digest: Buffer): string {
  return digest.toString('base64url');
}
