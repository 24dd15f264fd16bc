import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ResendVerification, VerifyEmail } from '@countersign/auth';
import { Problem } from '@countersign/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BeforeVerification, Public } from '../http/access.decorator.js';
import { Callers } from '../http/callers.js';
import { Problems } from '../http/problems.decorator.js';
import { FailClosed } from '../http/rate-limit.decorator.js';
import { callerOf, namedApplicationOf, originOf } from '../http/request.js';
import { waitFor } from '../http/waiting.js';
import { AcceptedDto } from './accepted.dto.js';
import { VerifyEmailDto } from './account.dto.js';
import { deadLink } from './dead-link.js';
import { SECOND_FACTOR_REMOVED_HEADER, tellSecondFactorRemoved } from './second-factor-removed.js';

@ApiTags('Accounts')
@Controller('v1/auth/email')
export class EmailController {
  constructor(
    private readonly verifyEmail: VerifyEmail,
    private readonly resendVerification: ResendVerification,
    private readonly callers: Callers,
  ) {}

  @Post('verify')
  @HttpCode(204)
  @Public()
  @ApiOperation({
    summary: 'Verify an address by a mailed link; it becomes the account’s where it was to',
    description:
      'The link counts only with the password of the registration that mailed it, or with a live session of its account: an access token, or a cookie with an allowed `Origin` and `X-CSRF-Token`. What the account has stays. A registration that waited beside it takes the account over: then everything else of it ends.',
    operationId: 'verifyEmail',
  })
  @ApiNoContentResponse({ description: 'Verified.', headers: SECOND_FACTOR_REMOVED_HEADER })
  @Problems('invalid_token', 'invalid_credentials', 'proof_required', 'csrf_rejected')
  async verify(
    @Body() { token, password }: VerifyEmailDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const result = await this.verifyEmail.run({
      token,
      password,
      applicationId: namedApplicationOf(request)?.id,
      session: () => this.callers.ofOpenRoute(request),
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'verified':
        return tellSecondFactorRemoved(reply, result);
      case 'refused':
        throw deadLink();
      case 'wrong':
        throw new Problem('invalid_credentials', {
          detail: 'This is not the password that was chosen when the link was asked for.',
        });
      case 'missing':
        // The page of the link shows what fits.
        throw new Problem('proof_required', { members: { link: result.link } });
      case 'limited':
        throw new Problem(
          'rate_limited',
          waitFor(result.budget, 'The account was given too many wrong passwords.'),
        );
    }
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
    if (result.outcome === 'limited')
      throw new Problem(
        'rate_limited',
        waitFor(result.budget, 'The account was sent too many mails with links.'),
      );
    return { status: 'accepted' };
  }
}
