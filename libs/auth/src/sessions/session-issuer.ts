import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Clock, newId, type Origin, publicId, type Tx } from '@countersign/core';
import type { SecondFactorProof } from '@countersign/factors';
import type { Account } from '../accounts/account.js';
import type { AuthConfig } from '../auth.config.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { RefreshTokens } from '../tokens/refresh-tokens.js';
import { amrOf } from './amr.js';
import { SessionStore } from './session.store.js';
import type { SessionOfAccount } from './session.js';

/** What a login answers: the account and a pair of tokens. Lifetimes in whole seconds. */
export interface IssuedSession {
  readonly account: Account;
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly refreshToken: string;
  readonly refreshExpiresIn: number;
}

/** Issues sessions: from a proof that the engine made, and from nothing else (security.md, rule 4). */
@Injectable()
export class SessionIssuer {
  constructor(
    private readonly sessions: SessionStore,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly clock: Clock,
    @Inject(getConfigToken('auth')) private readonly config: AuthConfig,
  ) {}

  /** @returns `undefined` where what the proof stands on has changed: nothing was issued */
  async issue(tx: Tx, proof: SecondFactorProof, origin: Origin): Promise<IssuedSession | undefined> {
    if (proof.purpose !== 'login') throw new TypeError('A session is issued for a login');
    const now = this.clock.now();
    const id = newId(now);
    const refresh = this.refreshTokens.mint(id);
    const session = {
      id,
      amr: amrOf(proof),
      authTime: now,
      mfaTime: proof.ground.kind === 'factor' ? proof.at : null,
      expiresAt: this.refreshExpiry(),
      endsAt: new Date(now.getTime() + this.config.sessionMaxAgeMs),
    };
    const { applicationId, userId, securityEpoch } = proof;
    const account = await this.sessions.insert(tx, {
      ...session,
      applicationId,
      userId,
      securityEpoch,
      refreshDigest: refresh.digest,
      ip: origin.ip,
      userAgent: origin.userAgent,
      event: {
        type: 'session.created',
        applicationId,
        userId,
        origin,
        data: { sessionId: publicId('ses', id), amr: session.amr },
      },
    });
    return account && this.tokensFor({ session, account }, refresh.token);
  }

  /** Tokens for a live session whose refresh token is known. */
  tokensFor(live: SessionOfAccount, refreshToken: string): IssuedSession {
    const refreshMs = Math.min(live.session.expiresAt.getTime(), live.session.endsAt.getTime());
    return {
      account: live.account,
      ...this.accessTokens.issue(live),
      refreshToken,
      // Rounded, because a few milliseconds have passed since the session was dated.
      refreshExpiresIn: Math.round((refreshMs - this.clock.now().getTime()) / 1_000),
    };
  }

  /** When a refresh token that is issued now expires. */
  refreshExpiry(): Date {
    return new Date(
      this.clock.now().getTime() + Math.min(this.config.refreshTokenTtlMs, this.config.sessionMaxAgeMs),
    );
  }
}
