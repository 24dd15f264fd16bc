import { Body, Controller, HttpCode, Injectable, Param, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '@countersign/core';
import { ResyncFactor } from '@countersign/factors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ForServers, Sensitive } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { FailClosed } from '../http/rate-limit.decorator.js';
import { originOf } from '../http/request.js';
import { validationFailed } from '../http/validation.js';
import { FactorDto, ResyncFactorDto } from './factor.dto.js';
import { idOf } from './id.js';
import { rejectedAnswer, VerifyBudget } from './rejected-answer.js';
import { changedMeanwhile, subjectOf } from './subject.js';
import { factorView } from './views.js';

/** The route that resynchronises authenticator apps, whoever's they are. */
@Injectable()
abstract class ResyncRoutes {
  constructor(
    private readonly resyncFactor: ResyncFactor,
    private readonly budget: VerifyBudget,
  ) {}

  @Post(':id/resync')
  @HttpCode(200)
  @Sensitive()
  @FailClosed()
  @ApiOperation({
    summary: 'Find an authenticator app again whose clock is off, by two consecutive codes',
    operationId: 'resyncFactor',
  })
  @ApiOkResponse({ type: FactorDto, description: 'Codes of its clock are accepted from now on.' })
  @Problems(
    'step_up_required',
    'not_found',
    'conflict',
    'answer_rejected',
    'factor_locked',
    'too_many_attempts',
  )
  async resync(
    @Param('id') id: string,
    @Body() { codes: [first = '', second = ''] }: ResyncFactorDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FactorDto> {
    const result = await this.resyncFactor.run({
      subject: subjectOf(request),
      factorId: idOf('fac', id),
      codes: [first, second],
      origin: originOf(request),
    });
    if ('attemptsLeft' in result) this.budget.tell(reply, result.budget);
    switch (result.outcome) {
      case 'resynced':
        return factorView(result.factor);
      case 'rejected':
        throw rejectedAnswer(request, result);
      case 'malformed':
        throw validationFailed(result.errors);
      case 'unknown':
        throw new Problem('not_found');
      case 'not-possible':
        throw new Problem('conflict', { detail: 'Only an active authenticator app can be resynchronised.' });
      case 'limited':
        throw this.budget.usedUp(result.budget);
      case 'locked':
        throw new Problem('factor_locked');
      case 'user-changed':
        throw changedMeanwhile();
    }
  }
}

@ApiTags('Factors')
@Controller('v1/me/factors')
export class ResyncController extends ResyncRoutes {}

@ApiTags('Users')
@ForServers('factors')
@Controller('v1/users/:user/factors')
export class UserResyncController extends ResyncRoutes {}
