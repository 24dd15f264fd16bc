import { Body, Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '@countersign/core';
import { VerifyUser } from '@countersign/factors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ForServers, OfUser } from '../http/access.decorator.js';
import { AnswerKept } from '../http/idempotency.js';
import { Problems } from '../http/problems.decorator.js';
import { FailClosed } from '../http/rate-limit.decorator.js';
import { applicationOf, originOf } from '../http/request.js';
import { permitChange, requireActive } from '../http/user.guard.js';
import { ApprovedDto } from './challenge.dto.js';
import { hashOfDetails } from './details.js';
import { idOf } from './id.js';
import { directVerificationOf } from './provider-bodies.js';
import { VerifyBudget } from './rejected-answer.js';
import { approvedView } from './views.js';

@ApiTags('Users')
@ForServers('challenges')
@Controller('v1/users/:user/verify')
export class UserVerificationController {
  constructor(
    private readonly verifyUser: VerifyUser,
    private readonly budget: VerifyBudget,
  ) {}

  @Post()
  @HttpCode(200)
  @OfUser({ readsItself: true })
  @FailClosed()
  @AnswerKept(60_000)
  @ApiOperation({
    summary: 'Verify an answer in one call, of a factor that needs nothing sent',
    operationId: 'verifyUser',
  })
  @ApiOkResponse({ type: ApprovedDto })
  @Problems(
    'forbidden',
    'not_found',
    'conflict',
    'not_enrolled',
    'answer_rejected',
    'factor_locked',
    'too_many_attempts',
  )
  async verify(
    @Param('user') externalId: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ApprovedDto> {
    const { factorId, type, action, details, answer } = directVerificationOf(body);
    const result = await this.verifyUser.run({
      application: applicationOf(request),
      externalId,
      factorId: factorId === undefined ? undefined : idOf('fac', factorId),
      type,
      action: action ?? null,
      detailsHash: hashOfDetails(details),
      answer,
      permit: (user) => {
        permitChange(request, user);
        requireActive(user);
      },
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'not-enrolled':
        throw new Problem('not_enrolled');
      case 'needs-challenge':
        throw new Problem('conflict', {
          detail: 'This factor has to be challenged first: open a challenge and send.',
        });
      default:
        return approvedView(this.budget.accepted(result, request, reply));
    }
  }
}
