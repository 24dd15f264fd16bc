import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ResendVerification, VerifyEmail } from '@countersign/auth';
import { Problem } from '@countersign/core';
import type { FastifyRequest } from 'fastify';
import { BeforeVerification, Public } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { FailClosed } from '../http/rate-limit.decorator.js';
import { callerOf, namedApplicationOf, originOf } from '../http/request.js';
import { waitFor } from '../http/waiting.js';
import { AcceptedDto } from './accepted.dto.js';
import { MailedTokenDto } from './account.dto.js';
import { deadLink } from './password.controller.js';

@ApiTags('Accounts')
@Controller('v1/auth/email')
export class EmailController {
  constructor(
    private readonly verifyEmail: VerifyEmail,
    private readonly resendVerification: ResendVerification,
  ) {}

  @Post('verify')
  @HttpCode(204)
  @Public()
  @ApiOperation({
    summary: 'Verify an address by a mailed link; it becomes the account’s where it was to',
    operationId: 'verifyEmail',
  })
  @ApiNoContentResponse({
    description: 'Verified. The first time ends the sessions, devices and factors that the account had.',
  })
  @Problems('invalid_token')
  async verify(@Body() { token }: MailedTokenDto, @Req() request: FastifyRequest): Promise<void> {
    const applicationId = namedApplicationOf(request)?.id;
    const result = await this.verifyEmail.run({ token, applicationId, origin: originOf(request) });
    if (result === 'refused') throw deadLink();
  }

  @Post('resend')
  @HttpCode(202)
  @FailClosed()
  @BeforeVerification()
  @ApiOperation({
    summary: 'Have the link that verifies the own address mailed once more',
    operationId: 'resendVerification',
  })
  @ApiAcceptedResponse({
    type: AcceptedDto,
    description: 'On its way, unless the address is verified already.',
  })
  @Problems()
  async resend(@Req() request: FastifyRequest): Promise<AcceptedDto> {
    const result = await this.resendVerification.run(callerOf(request).account);
    if (result.outcome === 'limited') throw new Problem('rate_limited', waitFor(result.budget));
    return { status: 'accepted' };
  }
}
