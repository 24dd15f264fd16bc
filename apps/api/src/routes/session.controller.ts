import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SessionEnder, SessionStore } from '@countersign/auth';
import { Database, type Origin, Problem } from '@countersign/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BeforeEnrolment, BeforeVerification, OrCookie } from '../http/access.decorator.js';
import { CookieSessions } from '../http/cookie-sessions.js';
import { pageOf, pageRequest } from '../http/pagination.js';
import { Problems } from '../http/problems.decorator.js';
import { applicationOf, callerOf, originOf } from '../http/request.js';
import { SessionListDto } from './account.dto.js';
import { idOf } from './id.js';
import { ListQueryDto } from './list.dto.js';
import { sessionView } from './views.js';

@ApiTags('Accounts')
@Controller('v1/auth')
export class SessionController {
  constructor(
    private readonly sessions: SessionStore,
    private readonly ender: SessionEnder,
    private readonly database: Database,
    private readonly cookies: CookieSessions,
  ) {}

  @Post('logout')
  @HttpCode(204)
  @OrCookie()
  @BeforeEnrolment()
  @BeforeVerification()
  @ApiOperation({
    summary: 'End this session, by its access token or the cookie that it is in',
    operationId: 'logout',
  })
  @ApiNoContentResponse({ description: 'Ended.' })
  @Problems('csrf_rejected')
  async logout(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { session } = callerOf(request);
    const inCookie = (await this.cookies.current(request))?.session.id === session.id;
    if (inCookie) {
      this.cookies.requireOrigin(request);
      this.cookies.requireToken(request, session.id);
    }
    await this.ender.end(ownerOf(request), session.id, 'logout');
    if (inCookie) this.cookies.forget(reply, applicationOf(request));
  }

  @Get('sessions')
  @ApiOperation({ summary: 'List the own sessions', operationId: 'listSessions' })
  @ApiOkResponse({ type: SessionListDto })
  @Problems()
  async list(@Query() query: ListQueryDto, @Req() request: FastifyRequest): Promise<SessionListDto> {
    const { account, session } = callerOf(request);
    const page = pageRequest(query, 'ses');
    const rows = await this.sessions.list(this.database.direct, { userId: account.id, ...page });
    const { data, nextCursor } = pageOf(rows, page, 'ses', (row) => sessionView(row, session.id));
    return { data: [...data], nextCursor };
  }

  @Delete('sessions/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'End one of the own sessions', operationId: 'endSession' })
  @ApiNoContentResponse({ description: 'Ended.' })
  @Problems('not_found')
  async end(@Param('id') id: string, @Req() request: FastifyRequest): Promise<void> {
    if (!(await this.ender.end(ownerOf(request), idOf('ses', id), 'revoked'))) throw new Problem('not_found');
  }

  @Delete('sessions')
  @HttpCode(204)
  @ApiOperation({ summary: 'End all of the own sessions but this one', operationId: 'endOtherSessions' })
  @ApiNoContentResponse({ description: 'Ended.' })
  @Problems()
  async endOthers(@Req() request: FastifyRequest): Promise<void> {
    const { session } = callerOf(request);
    await this.ender.endOthers(ownerOf(request), session.id);
  }
}

function ownerOf(request: FastifyRequest): { applicationId: string; userId: string; origin: Origin } {
  const { account } = callerOf(request);
  return { applicationId: account.applicationId, userId: account.id, origin: originOf(request) };
}
