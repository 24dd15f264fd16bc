import { Body, Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem, publicId } from '@countersign/core';
import { ActivateFactor, EnrolFactor, FactorRegistry, type RegisteredFactor } from '@countersign/factors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BeforeEnrolment, Sensitive } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { FailClosed } from '../http/rate-limit.decorator.js';
import { applicationOf, callerOf, originOf } from '../http/request.js';
import { validationFailed } from '../http/validation.js';
import { ActivatedFactorDto, FactorDto } from './factor.dto.js';
import { idOf } from './id.js';
import { enrolmentOf, objectOf } from './provider-bodies.js';
import { rejectedAnswer, VerifyBudget } from './rejected-answer.js';
import { changedMeanwhile, subjectOf } from './subject.js';
import { factorView } from './views.js';

@ApiTags('Factors')
@BeforeEnrolment()
@Controller('v1/me/factors')
export class EnrolmentController {
  constructor(
    private readonly registry: FactorRegistry,
    private readonly enrolFactor: EnrolFactor,
    private readonly activateFactor: ActivateFactor,
    private readonly budget: VerifyBudget,
  ) {}

  @Post()
  @Sensitive()
  @FailClosed()
  @ApiOperation({ summary: 'Begin an enrolment', operationId: 'enrolFactor' })
  @ApiCreatedResponse({ type: FactorDto, description: 'The factor, with what its user must see once.' })
  @Problems('step_up_required', 'conflict')
  async enrol(@Body() body: unknown, @Req() request: FastifyRequest): Promise<FactorDto> {
    const { type, label, fields } = enrolmentOf(body);
    const result = await this.enrolFactor.run({
      subject: subjectOf(request),
      registered: this.#offered(type, request),
      label,
      fields,
      begunBy: begunBy(request),
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'enrolled':
        return { ...factorView(result.factor), ...result.show };
      case 'malformed':
        throw validationFailed(result.errors);
      case 'nothing-to-recover':
        throw new Problem('conflict', { detail: 'Backup codes need another active factor.' });
      case 'too-many':
        throw new Problem('conflict', { detail: 'The user has too many factors: remove one first.' });
      case 'user-changed':
        throw changedMeanwhile();
    }
  }

  @Post(':id/activate')
  @HttpCode(200)
  @Sensitive()
  @FailClosed()
  @ApiOperation({ summary: 'Activate a factor with its first answer', operationId: 'activateFactor' })
  @ApiOkResponse({
    type: ActivatedFactorDto,
    description: 'Active; with the first factor come ten backup codes.',
  })
  @Problems('step_up_required', 'not_found', 'answer_rejected', 'enrolment_expired', 'too_many_attempts')
  async activate(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ActivatedFactorDto> {
    const result = await this.activateFactor.run({
      subject: subjectOf(request),
      factorId: idOf('fac', id),
      begunBy: begunBy(request),
      answer: objectOf(body),
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'activated':
        return { factor: factorView(result.factor), ...result.show };
      case 'malformed':
        throw validationFailed(result.errors);
      case 'unknown':
        throw new Problem('not_found');
      case 'over':
        throw new Problem('enrolment_expired');
      case 'rejected':
        this.budget.tell(reply, result.budget);
        throw rejectedAnswer(result.attemptsLeft);
      case 'limited':
        this.budget.tell(reply, result.budget);
        throw this.budget.usedUp(result.budget);
    }
  }

  #offered(type: string, request: FastifyRequest): RegisteredFactor {
    const { policy } = applicationOf(request);
    const registered = this.registry.offered(type, policy);
    if (registered !== undefined) return registered;
    const known = this.registry.allOffered(policy).map(({ options }) => options.type);
    throw validationFailed([{ path: 'type', message: `must be one of ${known.join(', ')}` }]);
  }
}

function begunBy(request: FastifyRequest): string {
  return publicId('ses', callerOf(request).session.id);
}
