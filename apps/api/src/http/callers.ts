import { Injectable } from '@nestjs/common';
import { SessionStore } from '@countersign/auth';
import { Problem } from '@countersign/core';
import type { FastifyRequest } from 'fastify';
import { CookieSessions } from './cookie-sessions.js';
import type { Caller } from './request.js';

/** Finds the live session that a request comes from. */
@Injectable()
export class Callers {
  constructor(
    private readonly sessions: SessionStore,
    private readonly cookies: CookieSessions,
  ) {}

  /** @throws Problem `invalid_token` where the session of a valid access token has ended */
  async byToken(claims: Caller['claims']): Promise<Caller> {
    const live = await this.sessions.findLive(claims.sessionId);
    if (live === undefined || live.account.id !== claims.userId) throw new Problem('invalid_token');
    if (live.account.applicationId !== claims.applicationId) throw new Problem('invalid_token');
    // A session whose last factor was removed has lost its proof; a token from before still claims it.
    const mfaTime = live.session.mfaTime === null ? undefined : claims.mfaTime;
    return { ...live, claims: { ...claims, mfaTime } };
  }

  /**
   * @returns `undefined` where the request brought no cookie, or another credential: one that is wrong is not made good
   * @throws Problem `csrf_rejected`, `invalid_token`
   */
  async byCookie(request: FastifyRequest): Promise<Caller | undefined> {
    if (request.credential?.kind !== 'none' || request.application === undefined) return undefined;
    if (this.cookies.refreshToken(request) === undefined) return undefined;
    this.cookies.requireOrigin(request);
    const live = await this.cookies.current(request);
    if (live === undefined) throw new Problem('invalid_token');
    const { session, account } = live;
    this.cookies.requireToken(request, session.id);
    const claims = {
      userId: account.id,
      sessionId: session.id,
      applicationId: account.applicationId,
      authTime: session.authTime,
      mfaTime: session.mfaTime ?? undefined,
    };
    return { ...live, claims };
  }
}
