import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PasswordScreening, Register } from '@countersign/auth';
import { Problem } from '@countersign/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../http/access.decorator.js';
import { CookieSessions } from '../http/cookie-sessions.js';
import { Problems } from '../http/problems.decorator.js';
import { RateLimited } from '../http/rate-limit.decorator.js';
import { applicationOf, originOf } from '../http/request.js';
import { RegisterDto, RegistrationMailedDto, SessionTokensDto } from './account.dto.js';
import { rejectedPassword } from './rejected-password.js';
import { tokensView } from './views.js';

@ApiTags('Accounts')
@Controller('v1/auth')
export class RegistrationController {
  constructor(
    private readonly register: Register,
    private readonly screening: PasswordScreening,
    private readonly cookies: CookieSessions,
  ) {}

  @Post('register')
  @HttpCode(201)
  @Public()
  @RateLimited('register')
  @ApiOperation({ summary: 'Register an account', operationId: 'register' })
  @ApiCreatedResponse({ type: SessionTokensDto, description: 'The account, logged in.' })
  @ApiAcceptedResponse({
    type: RegistrationMailedDto,
    description:
      'Where policy demands a verified address: a mail is on its way, whether there was such an account or not.',
  })
  @Problems('email_taken', 'password_rejected', 'forbidden', 'csrf_rejected')
  async create(
    @Body() body: RegisterDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionTokensDto | RegistrationMailedDto> {
    const inCookies = body.session === 'cookie';
    if (inCookies) this.cookies.requireOrigin(request);
    const application = applicationOf(request);
    if (application.policy.registration === 'closed') {
      throw new Problem('forbidden', { detail: 'Registration is closed.' });
    }
    const { email, password, displayName = null, locale = null } = body;
    const ruling = await this.screening.run(password, { email, displayName });
    if (!ruling.accepted) throw rejectedPassword(ruling, 'password');
    const origin = originOf(request);
    const result = await this.register.run({ application, email, password, displayName, locale, origin });
    switch (result.outcome) {
      case 'registered':
        return tokensView(inCookies ? this.cookies.keep(reply, application, result.issued) : result.issued);
      case 'mailed':
        reply.status(202);
        return { status: 'verification_required' };
      case 'email-taken':
        throw new Problem('email_taken');
    }
  }
}
