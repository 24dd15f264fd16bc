import { Injectable } from '@nestjs/common';
import { Database, digestsEqual, type Origin } from '@countersign/core';
import { RefreshStore, type Rotation } from '../sessions/refresh.store.js';
import { type IssuedSession, SessionIssuer } from '../sessions/session-issuer.js';
import type { SessionOfAccount } from '../sessions/session.js';
import { SessionEnder } from '../sessions/session-ender.js';
import { RefreshTokens } from '../tokens/refresh-tokens.js';

/** A refresh token, and the application that the request named, if any (UUID). */
export interface RefreshSessionInput {
  readonly refreshToken: string;
  readonly applicationId: string | undefined;
  readonly origin: Origin;
}

/** How a refresh ended. */
export type RefreshSessionResult =
  | { readonly outcome: 'refreshed'; readonly issued: IssuedSession }
  /** The token continues nothing. */
  | { readonly outcome: 'refused' }
  /** The token continues a session, but not one of the application named; nothing was changed. */
  | { readonly outcome: 'other-application' };

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

  async run({ refreshToken, applicationId, origin }: RefreshSessionInput): Promise<RefreshSessionResult> {
    const presented = this.tokens.parse(refreshToken);
    if (presented === undefined) return { outcome: 'refused' };
    const successor = this.tokens.successor(presented);
    const rotation = {
      sessionId: presented.sessionId,
      applicationId,
      presented: presented.digest,
      successor: successor.digest,
      expiresAt: this.issuer.refreshExpiry(),
    };
    const rotated = await this.#rotate(rotation);
    if (rotated !== undefined) return this.#refreshed(rotated, successor.token);

    const state = await this.refresh.look(this.database.direct, presented.sessionId);
    if (state === undefined) return { outcome: 'refused' };
    if (applicationId !== undefined && applicationId !== state.applicationId) {
      // Only the holder of the session learns that it is another application's.
      const holds = digestsEqual(state.refreshDigest, presented.digest);
      return { outcome: holds ? 'other-application' : 'refused' };
    }
    if (
      state.justRotated &&
      state.previousDigest !== null &&
      digestsEqual(state.previousDigest, presented.digest) &&
      digestsEqual(state.refreshDigest, successor.digest)
    ) {
      return this.#refreshed(state.current, successor.token);
    }
    if (digestsEqual(state.refreshDigest, presented.digest)) {
      // The token is in force: another request was just moving user and session into a new epoch.
      const again = await this.#rotate(rotation);
      return again === undefined ? { outcome: 'refused' } : this.#refreshed(again, successor.token);
    }
    if (this.tokens.isAncestor(presented, [state.refreshDigest, ...state.milestones], state.generation)) {
      await this.ender.endStolen(state.current, origin);
    }
    return { outcome: 'refused' };
  }

  // In a transaction of its own, though it is one statement: PostgreSQL that was hung may run a statement whose request
  // has been answered with 503 long since, but it commits nothing without another word from here. A client that comes
  // back with the token it has would count as a thief.
  #rotate(rotation: Rotation): Promise<SessionOfAccount | undefined> {
    return this.database.transaction((tx) => this.refresh.rotate(tx, rotation));
  }

  #refreshed(live: SessionOfAccount, token: string): RefreshSessionResult {
    return { outcome: 'refreshed', issued: this.issuer.tokensFor(live, token) };
  }
}
