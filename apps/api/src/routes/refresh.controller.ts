import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RefreshSession, type RefreshSessionResult } from '@countersign/auth';
import { parseToken, Problem } from '@countersign/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ByCookie, Public } from '../http/access.decorator.js';
import { CookieSessions } from '../http/cookie-sessions.js';
import { Problems } from '../http/problems.decorator.js';
import { applicationOf, namedApplicationOf, originOf } from '../http/request.js';
import { validationFailed } from '../http/validation.js';
import { CsrfTokenDto, RefreshDto, SessionTokensDto } from './account.dto.js';
import { tokensView } from './views.js';

@ApiTags('Accounts')
@Controller('v1/auth')
export class RefreshController {
  constructor(
    private readonly refreshSession: RefreshSession,
    private readonly cookies: CookieSessions,
  ) {}

  @Post('refresh')
  @HttpCode(200)
  @Public()
  @ApiOperation({
    summary: 'Continue a session with its refresh token, or with the cookie that it is in',
    operationId: 'refresh',
  })
  @ApiOkResponse({ type: SessionTokensDto, description: 'A new pair; the old refresh token is spent.' })
  @Problems('invalid_token', 'csrf_rejected')
  async refresh(
    @Body() { refreshToken }: RefreshDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionTokensDto> {
    if (refreshToken === undefined) return this.#byCookie(request, reply);
    // A token acts on its own application; a header may only name that one.
    const result = await this.refreshSession.run({
      refreshToken,
      applicationId: namedApplicationOf(request)?.id,
      origin: originOf(request),
    });
    return tokensView(refreshed(result));
  }

  @Get('csrf')
  @ByCookie()
  @ApiOperation({
    summary: 'Get a token for the pages of a session that travels in a cookie',
    operationId: 'getCsrfToken',
  })
  @ApiOkResponse({ type: CsrfTokenDto })
  @Problems()
  async csrf(@Req() request: FastifyRequest): Promise<CsrfTokenDto> {
    if (this.cookies.refreshToken(request) === undefined) {
      throw new Problem(request.credential?.kind === 'none' ? 'unauthenticated' : 'invalid_token');
    }
    const current = await this.cookies.current(request);
    if (current === undefined) throw new Problem('invalid_token');
    return { csrfToken: this.cookies.csrfToken(current.session.id) };
  }

  async #byCookie(request: FastifyRequest, reply: FastifyReply): Promise<SessionTokensDto> {
    const refreshToken = this.cookies.refreshToken(request);
    if (refreshToken === undefined) {
      if (request.headers['x-csrf-token'] !== undefined) throw new Problem('invalid_token');
      throw validationFailed([{ path: 'refreshToken', message: 'must be a string' }]);
    }
    this.cookies.requireOrigin(request);
    this.cookies.requireToken(request, parseToken('rft', refreshToken)?.ids[0] ?? '');
    const application = applicationOf(request);
    const result = await this.refreshSession.run({
      refreshToken,
      applicationId: application.id,
      origin: originOf(request),
    });
    if (result.outcome !== 'refreshed') this.cookies.forget(reply, application);
    return tokensView(this.cookies.keep(reply, application, refreshed(result)));
  }
}

function refreshed(
  result: RefreshSessionResult,
): Extract<RefreshSessionResult, { outcome: 'refreshed' }>['issued'] {
  switch (result.outcome) {
    case 'refreshed':
      return result.issued;
    case 'refused':
      throw new Problem('invalid_token');
    case 'other-application':
      throw new Problem('not_found');
  }
}
