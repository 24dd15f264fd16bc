import { Injectable } from '@nestjs/common';
import { Database, digestsEqual, type Origin } from '@countersign/core';
import { RefreshStore } from '../sessions/refresh.store.js';
import { type IssuedSession, SessionIssuer } from '../sessions/session-issuer.js';
import { SessionEnder } from '../sessions/session-ender.js';
import { RefreshTokens } from '../tokens/refresh-tokens.js';

/**
 * Continues a session with its refresh token, which is rotated (RFC 9700 section 4.14.2). The token before it is
 * honoured for ten seconds with the same successor, for answers that got lost; anything older has been stolen and
 * ends the session.
 */
@Injectable()
export class RefreshSession {
  constructor(
    private readonly refresh: RefreshStore,
    private readonly tokens: RefreshTokens,
    private readonly issuer: SessionIssuer,
    private readonly ender: SessionEnder,
    private readonly database: Database,
  ) {}

  /** @returns `undefined` for a token that continues nothing */
  async run(refreshToken: string, origin: Origin): Promise<IssuedSession | undefined> {
    const presented = this.tokens.parse(refreshToken);
    if (presented === undefined) return undefined;
    const successor = this.tokens.successor(presented);
    const rotated = await this.refresh.rotate(
      this.database.direct,
      presented.sessionId,
      presented.digest,
      successor.digest,
      this.issuer.refreshExpiry(),
    );
    if (rotated !== undefined) return this.issuer.tokensFor(rotated, successor.token);

    const state = await this.refresh.look(this.database.direct, presented.sessionId);
    if (state === undefined) return undefined;
    if (
      state.justRotated &&
      state.previousDigest !== null &&
      digestsEqual(state.previousDigest, presented.digest) &&
      digestsEqual(state.refreshDigest, successor.digest)
    ) {
      return this.issuer.tokensFor(state.current, successor.token);
    }
    if (this.tokens.isAncestor(presented, state.refreshDigest, state.generation)) {
      await this.ender.endStolen(state.current, origin);
    }
    return undefined;
  }
}
