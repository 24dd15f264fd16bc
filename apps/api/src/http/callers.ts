import { Injectable } from '@nestjs/common';
import { type SessionOfAccount, SessionStore } from '@countersign/auth';
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
   * The live session that a request to an open route comes from: by its access token, or by a cookie that its page
   * proves to be allowed to use.
   * @returns `undefined` where it brought neither, or one that has ended
   * @throws Problem `csrf_rejected` for an `X-CSRF-Token` from another origin or of another session
   */
  async ofOpenRoute(request: FastifyRequest): Promise<SessionOfAccount | undefined> {
    const { credential } = request;
    if (credential?.kind === 'access') {
      const live = await this.sessions.findLive(credential.claims.sessionId);
      return live?.account.id === credential.claims.userId ? live : undefined;
    }
    // A browser sends its cookie unasked; only the header says that it is meant.
    if (request.headers['x-csrf-token'] === undefined || !this.#bringsCookie(request)) return undefined;
    this.cookies.requireOrigin(request);
    const live = await this.cookies.current(request);
    if (live !== undefined) this.cookies.requireToken(request, live.session.id);
    return live;
  }

  /**
   * @returns `undefined` where the request brought no cookie, or another credential: one that is wrong is not made good
   * @throws Problem `csrf_rejected`, `invalid_token`
   */
  async byCookie(request: FastifyRequest): Promise<Caller | undefined> {
    if (!this.#bringsCookie(request)) return undefined;
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

  #bringsCookie(request: FastifyRequest): boolean {
    if (request.credential?.kind !== 'none' || request.application === undefined) return false;
    return this.cookies.refreshToken(request) !== undefined;
  }
}
