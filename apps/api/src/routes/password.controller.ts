import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ChangePassword, RequestPasswordReset, ResetPassword } from '@countersign/auth';
import { Problem } from '@countersign/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { FailClosed } from '../http/rate-limit.decorator.js';
import { applicationOf, callerOf, namedApplicationOf, originOf } from '../http/request.js';
import { StepUpCheck } from '../http/step-up-check.js';
import { waitFor } from '../http/waiting.js';
import { AcceptedDto } from './accepted.dto.js';
import { ChangePasswordDto, ForgotPasswordDto, ResetPasswordDto } from './account.dto.js';
import { deadLink } from './dead-link.js';
import { rejectedPassword } from './rejected-password.js';
import { SECOND_FACTOR_REMOVED_HEADER, tellSecondFactorRemoved } from './second-factor-removed.js';
import { changedMeanwhile } from './subject.js';

@ApiTags('Accounts')
@Controller('v1/auth/password')
export class PasswordController {
  constructor(
    private readonly changePassword: ChangePassword,
    private readonly requestReset: RequestPasswordReset,
    private readonly resetPassword: ResetPassword,
    private readonly stepUp: StepUpCheck,
  ) {}

  @Post('change')
  @HttpCode(204)
  @FailClosed()
  @ApiOperation({
    summary: 'Change the own password; with an active factor it asks for a fresh proof of it',
    operationId: 'changePassword',
  })
  @ApiNoContentResponse({ description: 'Changed. Other sessions and trusted devices have ended.' })
  @Problems('invalid_credentials', 'password_rejected', 'step_up_required', 'conflict')
  async change(@Body() body: ChangePasswordDto, @Req() request: FastifyRequest): Promise<void> {
    const caller = callerOf(request);
    // The password is in the request; the second factor is not.
    if (caller.account.twoFactorEnabled) this.stepUp.require(caller);
    const result = await this.changePassword.run({
      account: caller.account,
      currentPassword: body.currentPassword,
      newPassword: body.newPassword,
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'changed':
        return;
      case 'wrong':
        throw new Problem('invalid_credentials');
      case 'rejected':
        throw rejectedPassword(result.ruling, 'newPassword');
      case 'overtaken':
        throw changedMeanwhile();
      case 'limited':
        throw new Problem(
          'rate_limited',
          waitFor(result.budget, 'The account was given too many wrong passwords.'),
        );
    }
  }

  @Post('forgot')
  @HttpCode(202)
  @Public()
  @FailClosed()
  @ApiOperation({
    summary: 'Have a link mailed that gives an account a new password',
    operationId: 'forgotPassword',
  })
  @ApiAcceptedResponse({
    type: AcceptedDto,
    description: 'Taken note of, whether there is such an account or not.',
  })
  @Problems()
  async forgot(@Body() { email }: ForgotPasswordDto, @Req() request: FastifyRequest): Promise<AcceptedDto> {
    await this.requestReset.run({ applicationId: applicationOf(request).id, email });
    return { status: 'accepted' };
  }

  @Post('reset')
  @HttpCode(204)
  @Public()
  @FailClosed()
  @ApiOperation({
    summary: 'Choose a new password by a mailed link',
    description:
      'Takes the token of a link that was asked for, or, while no account has verified the address, of one that verifies it. An account whose address was never verified is verified by it, and its sessions, trusted devices and factors are removed.',
    operationId: 'resetPassword',
  })
  @ApiNoContentResponse({
    description: 'Changed. All sessions and trusted devices have ended.',
    headers: SECOND_FACTOR_REMOVED_HEADER,
  })
  @Problems('invalid_token', 'password_rejected')
  async reset(
    @Body() body: ResetPasswordDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const result = await this.resetPassword.run({
      token: body.token,
      newPassword: body.newPassword,
      applicationId: namedApplicationOf(request)?.id,
      origin: originOf(request),
    });
    if (result.outcome === 'rejected') throw rejectedPassword(result.ruling, 'newPassword');
    if (result.outcome === 'refused') throw deadLink();
    tellSecondFactorRemoved(reply, result);
  }
}
