import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { FindSession, type IssuedSession, type SessionOfAccount } from '@countersign/auth';
import { type CoreConfig, parseToken, Problem } from '@countersign/core';
import type { DevicesConfig } from '@countersign/devices';
import type { Application } from '@countersign/directory';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cookieOf, forgetCookie, keepCookie } from './cookies.js';
import { CsrfTokens } from './csrf-tokens.js';
import { applicationOf } from './request.js';

/** A session as a browser is told of it: its refresh token is in a cookie. */
export type SessionInCookie = Omit<IssuedSession, 'refreshToken'> & { readonly csrfToken: string };

/** Sessions whose tokens travel in cookies, and the defence that this needs (api.md, "Accounts"). */
@Injectable()
export class CookieSessions {
  readonly #own: string;

  constructor(
    private readonly csrf: CsrfTokens,
    private readonly findSession: FindSession,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
    @Inject(getConfigToken('devices')) private readonly devices: DevicesConfig,
  ) {
    this.#own = new URL(config.publicUrl).origin;
  }

  /** The refresh token that a browser keeps for the request's application. */
  refreshToken(request: FastifyRequest): string | undefined {
    return cookieOf(request, 'refresh', applicationOf(request).slug);
  }

  /** The device token that it keeps. */
  deviceToken(request: FastifyRequest): string | undefined {
    return cookieOf(request, 'device', applicationOf(request).slug);
  }

  /** @throws Problem `csrf_rejected` where the page that asks is not one that the application, or the operator, named */
  requireOrigin(request: FastifyRequest): void {
    const { origin } = request.headers;
    const { allowedOrigins } = applicationOf(request);
    if (
      origin === undefined ||
      ![...allowedOrigins, ...this.config.corsOrigins, this.#own].includes(origin)
    ) {
      throw new Problem('csrf_rejected', { detail: 'The origin is not one of the application.' });
    }
  }

  /** @throws Problem `csrf_rejected` where the page cannot have read an answer of ours for this session (UUID) */
  requireToken(request: FastifyRequest, sessionId: string): void {
    const token = request.headers['x-csrf-token'];
    if (typeof token !== 'string' || !this.csrf.isOf(sessionId, token)) {
      throw new Problem('csrf_rejected', {
        detail: 'X-CSRF-Token is missing or of another session: GET /v1/auth/csrf gives a new one.',
      });
    }
  }

  /** The live session of the browser's cookie. */
  async current(request: FastifyRequest): Promise<SessionOfAccount | undefined> {
    const refreshToken = this.refreshToken(request);
    if (refreshToken === undefined) return undefined;
    return this.findSession.run({ refreshToken, applicationId: applicationOf(request).id });
  }

  /** A token for the pages of a session. */
  csrfToken(sessionId: string): string {
    return this.csrf.issue(sessionId);
  }

  /** Has the browser keep a session. @returns what its pages are told */
  keep(
    reply: FastifyReply,
    { slug }: Application,
    { refreshToken, ...issued }: IssuedSession,
  ): SessionInCookie {
    keepCookie(reply, 'refresh', slug, { text: refreshToken, maxAgeSeconds: issued.refreshExpiresIn });
    const sessionId = parseToken('rft', refreshToken)?.ids[0] ?? '';
    return { ...issued, csrfToken: this.csrf.issue(sessionId) };
  }

  /** Has the browser keep a trusted device's token. */
  keepDevice(reply: FastifyReply, { slug }: Application, token: string): void {
    const maxAgeSeconds = Math.floor(this.devices.tokenTtlMs / 1_000);
    keepCookie(reply, 'device', slug, { text: token, maxAgeSeconds });
  }

  /** Has the browser forget the session; a trusted device stays one. */
  forget(reply: FastifyReply, { slug }: Application): void {
    forgetCookie(reply, 'refresh', slug);
  }
}
