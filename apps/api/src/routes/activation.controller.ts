import { Body, Controller, HttpCode, Injectable, Param, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ActivateOwnFactor, type IssuedAccessToken } from '@countersign/auth';
import { Problem } from '@countersign/core';
import { ActivateFactor, type ActivateFactorInput, type ActivateFactorResult } from '@countersign/factors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BeforeEnrolment, ForServers, Sensitive } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { FailClosed } from '../http/rate-limit.decorator.js';
import { askerOf, callerOf, originOf } from '../http/request.js';
import { validationFailed } from '../http/validation.js';
import { ActivatedFactorDto } from './factor.dto.js';
import { idOf } from './id.js';
import { objectOf } from './provider-bodies.js';
import { rejectedActivation, VerifyBudget } from './rejected-answer.js';
import { deviceTaken, subjectOf } from './subject.js';
import { factorView } from './views.js';

/** The route that activates factors, of the caller or of a user that a server names. */
@Injectable()
abstract class ActivationRoutes {
  protected abstract readonly budget: VerifyBudget;

  @Post(':id/activate')
  @HttpCode(200)
  @Sensitive()
  @FailClosed()
  @ApiOperation({ summary: 'Activate a factor with its first answer', operationId: 'activateFactor' })
  @ApiOkResponse({
    type: ActivatedFactorDto,
    description: 'Active; with the first factor come ten backup codes.',
  })
  @Problems(
    'step_up_required',
    'not_found',
    'conflict',
    'answer_rejected',
    'enrolment_expired',
    'too_many_attempts',
  )
  async activate(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ActivatedFactorDto> {
    const result = await this.run(request, {
      subject: subjectOf(request),
      factorId: idOf('fac', id),
      begunBy: askerOf(request),
      answer: objectOf(body),
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'activated':
        return { factor: factorView(result.factor), ...result.show, ...result.granted };
      case 'malformed':
        throw validationFailed(result.errors);
      case 'unknown':
        throw new Problem('not_found');
      case 'over':
        throw new Problem('enrolment_expired');
      case 'taken':
        throw deviceTaken();
      case 'rejected':
        this.budget.tell(reply, result.budget);
        throw rejectedActivation(request, result);
      case 'limited':
        this.budget.tell(reply, result.budget);
        throw this.budget.usedUp(result.budget);
    }
  }

  /** Activates; for the caller's own session, with what that proves. */
  protected abstract run(
    request: FastifyRequest,
    input: ActivateFactorInput,
  ): Promise<ActivateFactorResult<IssuedAccessToken | undefined>>;
}

@ApiTags('Factors')
@BeforeEnrolment()
@Controller('v1/me/factors')
export class ActivationController extends ActivationRoutes {
  constructor(
    private readonly activateOwnFactor: ActivateOwnFactor,
    protected override readonly budget: VerifyBudget,
  ) {
    super();
  }

  protected override run(
    request: FastifyRequest,
    input: ActivateFactorInput,
  ): ReturnType<ActivationRoutes['run']> {
    return this.activateOwnFactor.run({ ...input, sessionId: callerOf(request).session.id });
  }
}

// A server's or an administrator's credential is no session of the user's: it proves nothing of theirs.
@ApiTags('Users')
@ForServers('factors')
@Controller('v1/users/:user/factors')
export class UserActivationController extends ActivationRoutes {
  constructor(
    private readonly activateFactor: ActivateFactor,
    protected override readonly budget: VerifyBudget,
  ) {
    super();
  }

  protected override run(
    _request: FastifyRequest,
    input: ActivateFactorInput,
  ): ReturnType<ActivationRoutes['run']> {
    return this.activateFactor.run(input);
  }
}
