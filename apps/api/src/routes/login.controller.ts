import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { LogIn, RefreshSession, ResendVerification } from '@countersign/auth';
import { Problem } from '@countersign/core';
import type { FastifyRequest } from 'fastify';
import { Public } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { RateLimited } from '../http/rate-limit.decorator.js';
import { applicationOf, originOf } from '../http/request.js';
import { waitFor } from '../http/waiting.js';
import { AuthenticatedDto, LoginDto, RefreshDto, SessionTokensDto } from './account.dto.js';
import { ChallengeRequiredDto } from './challenge.dto.js';
import { openedChallengeView, tokensView } from './views.js';

@ApiTags('Accounts')
@ApiExtraModels(AuthenticatedDto, ChallengeRequiredDto)
@Controller('v1/auth')
export class LoginController {
  constructor(
    private readonly logIn: LogIn,
    private readonly refreshSession: RefreshSession,
    private readonly resendVerification: ResendVerification,
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
  @Problems('invalid_credentials', 'email_unverified')
  async login(
    @Body() { email, password, deviceToken }: LoginDto,
    @Req() request: FastifyRequest,
  ): Promise<AuthenticatedDto | ChallengeRequiredDto> {
    const result = await this.logIn.run({
      application: applicationOf(request),
      email,
      password,
      deviceToken,
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'authenticated':
        return { status: 'authenticated', ...tokensView(result.issued) };
      case 'challenge':
        return { status: 'challenge_required', ...openedChallengeView(result) };
      case 'refused':
        throw new Problem('invalid_credentials');
      case 'unverified':
        // The one who knows the password may need the mail again; past its limit they have some.
        await this.resendVerification.run(result.account);
        throw new Problem('email_unverified');
      case 'limited':
        throw new Problem('rate_limited', waitFor(result.budget));
    }
  }

  @Post('refresh')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Continue a session with its refresh token', operationId: 'refresh' })
  @ApiOkResponse({ type: SessionTokensDto, description: 'A new pair; the old refresh token is spent.' })
  @Problems('invalid_token')
  async refresh(
    @Body() { refreshToken }: RefreshDto,
    @Req() request: FastifyRequest,
  ): Promise<SessionTokensDto> {
    // A token acts on its own application; a header may only name that one.
    const named = request.headers['x-application'] !== undefined;
    const result = await this.refreshSession.run({
      refreshToken,
      applicationId: named ? applicationOf(request).id : undefined,
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'refreshed':
        return tokensView(result.issued);
      case 'refused':
        throw new Problem('invalid_token');
      case 'other-application':
        throw new Problem('not_found');
    }
  }
}
