import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { FailedLogins, LogIn, ResendVerification } from '@countersign/auth';
import { Problem } from '@countersign/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../http/access.decorator.js';
import { CookieSessions } from '../http/cookie-sessions.js';
import { Problems } from '../http/problems.decorator.js';
import { RateLimited } from '../http/rate-limit.decorator.js';
import { applicationOf, originOf } from '../http/request.js';
import { waitFor } from '../http/waiting.js';
import { AuthenticatedDto, LoginDto } from './account.dto.js';
import { ChallengeRequiredDto } from './challenge.dto.js';
import { openedChallengeView, tokensView } from './views.js';

@ApiTags('Accounts')
@ApiExtraModels(AuthenticatedDto, ChallengeRequiredDto)
@Controller('v1/auth')
export class LoginController {
  constructor(
    private readonly logIn: LogIn,
    private readonly failedLogins: FailedLogins,
    private readonly resendVerification: ResendVerification,
    private readonly cookies: CookieSessions,
  ) {}

  @Post('login')
  @HttpCode(200)
  @Public()
  @RateLimited('login')
  @ApiOperation({ summary: 'Log in: the first step', operationId: 'login' })
  @ApiOkResponse({
    description: 'Logged in, or a challenge for the second factor.',
    schema: {
      oneOf: [{ $ref: getSchemaPath(AuthenticatedDto) }, { $ref: getSchemaPath(ChallengeRequiredDto) }],
      discriminator: {
        propertyName: 'status',
        mapping: {
          authenticated: getSchemaPath(AuthenticatedDto),
          challenge_required: getSchemaPath(ChallengeRequiredDto),
        },
      },
    },
  })
  @Problems('invalid_credentials', 'email_unverified', 'csrf_rejected', 'factor_locked')
  async login(
    @Body() { email, password, deviceToken, session }: LoginDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuthenticatedDto | ChallengeRequiredDto> {
    const inCookies = session === 'cookie';
    if (inCookies) this.cookies.requireOrigin(request);
    const application = applicationOf(request);
    const result = await this.logIn.run({
      application,
      email,
      password,
      deviceToken: deviceToken ?? (inCookies ? this.cookies.deviceToken(request) : undefined),
      inCookies,
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'authenticated':
        return {
          status: 'authenticated',
          ...tokensView(inCookies ? this.cookies.keep(reply, application, result.issued) : result.issued),
        };
      case 'challenge':
        return { status: 'challenge_required', ...openedChallengeView(result) };
      case 'refused':
        this.failedLogins.note(result.userId, originOf(request));
        throw new Problem('invalid_credentials');
      case 'unverified':
        // The one who knows the password may need the mail again; past its limit they have some.
        await this.resendVerification.run(result.account);
        throw new Problem('email_unverified');
      case 'limited':
        throw new Problem(
          'rate_limited',
          waitFor(result.budget, 'The account was given too many wrong passwords.'),
        );
    }
  }
}
