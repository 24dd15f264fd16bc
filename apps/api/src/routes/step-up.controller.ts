import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { StepUp } from '@countersign/auth';
import { Problem } from '@countersign/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BeforeEnrolment } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { FailClosed } from '../http/rate-limit.decorator.js';
import { applicationOf, callerOf, originOf } from '../http/request.js';
import { validationFailed } from '../http/validation.js';
import { waitFor } from '../http/waiting.js';
import { AccessTokenDto, StepUpDto } from './account.dto.js';
import { OpenedChallengeDto } from './challenge.dto.js';
import { openedChallengeView } from './views.js';

@ApiTags('Accounts')
@Controller('v1/auth')
export class StepUpController {
  constructor(private readonly stepUp: StepUp) {}

  @Post('step-up')
  @BeforeEnrolment()
  @FailClosed()
  @ApiOperation({
    summary: 'Prove the second factor, or the password where there is none, again',
    operationId: 'stepUp',
  })
  @ApiOkResponse({
    type: AccessTokenDto,
    description: 'The password was right: a token with a fresh `auth_time`.',
  })
  @ApiCreatedResponse({ type: OpenedChallengeDto, description: 'A challenge for the active factor.' })
  @Problems('invalid_credentials', 'invalid_token', 'factor_locked')
  async begin(
    @Body() { password }: StepUpDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OpenedChallengeDto | AccessTokenDto> {
    const result = await this.stepUp.run({
      application: applicationOf(request),
      current: callerOf(request),
      password,
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'challenge':
        reply.status(201);
        return openedChallengeView(result);
      case 'proven':
        reply.status(200);
        return { status: 'authenticated', ...result.token };
      case 'password-needed':
        throw validationFailed([{ path: 'password', message: 'is needed where no factor is active' }]);
      case 'refused':
        throw new Problem('invalid_credentials');
      case 'session-ended':
        throw new Problem('invalid_token');
      case 'limited':
        throw new Problem(
          'rate_limited',
          waitFor(result.budget, 'The account was given too many wrong passwords.'),
        );
    }
  }
}
