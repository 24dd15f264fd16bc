import { Body, Controller, HttpCode, Injectable, Param, Post, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '@countersign/core';
import { EnrolFactor, FactorRegistry, type RegisteredFactor, SendEnrolmentCode } from '@countersign/factors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BeforeEnrolment, ForServers, OfUser, Sensitive } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { FailClosed } from '../http/rate-limit.decorator.js';
import { applicationOf, askerOf, originOf } from '../http/request.js';
import { validationFailed } from '../http/validation.js';
import { EnrolmentCodeDto, FactorDto } from './factor.dto.js';
import { idOf } from './id.js';
import { enrolmentOf } from './provider-bodies.js';
import { changedMeanwhile, deviceTaken, subjectOf, subjectOrNewUserOf } from './subject.js';
import { unsentCode } from './unsent-code.js';
import { factorView } from './views.js';

/** The routes that enrol factors, whoever's they become. */
@Injectable()
abstract class EnrolmentRoutes {
  constructor(
    private readonly registry: FactorRegistry,
    private readonly enrolFactor: EnrolFactor,
    private readonly sendEnrolmentCode: SendEnrolmentCode,
  ) {}

  /** Whose word it is that begins an enrolment. */
  protected abstract readonly by: 'user' | 'server';

  @Post()
  @OfUser({ mayBeNew: true })
  @Sensitive()
  @FailClosed()
  @ApiOperation({ summary: 'Begin an enrolment', operationId: 'enrolFactor' })
  @ApiCreatedResponse({ type: FactorDto, description: 'The factor, with what its user must see once.' })
  @Problems('step_up_required', 'conflict', 'destination_refused', 'delivery_failed')
  async enrol(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FactorDto> {
    const { type, label, fields } = enrolmentOf(body);
    const result = await this.enrolFactor.run({
      whose: subjectOrNewUserOf(request),
      registered: this.#offered(type, request),
      label,
      fields,
      by: this.by,
      begunBy: askerOf(request),
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'enrolled':
        return { ...factorView(result.factor), ...result.show };
      case 'malformed':
        throw validationFailed(result.errors);
      case 'not-sent':
        throw unsentCode(result.sending, reply);
      case 'nothing-to-recover':
        throw new Problem('conflict', { detail: 'Backup codes need another active factor.' });
      case 'too-many':
        throw new Problem('conflict', { detail: 'The user has too many factors: remove one first.' });
      case 'already-there':
        throw new Problem('conflict', { detail: 'The user has this very factor already.' });
      case 'taken':
        throw deviceTaken();
      case 'user-changed':
        throw changedMeanwhile();
    }
  }

  @Post(':id/send')
  @HttpCode(202)
  @FailClosed()
  @ApiOperation({ summary: "Send an enrolment's code again", operationId: 'sendEnrolmentCode' })
  @ApiAcceptedResponse({
    type: EnrolmentCodeDto,
    description: 'A new code is on its way; the one before is void.',
  })
  @Problems('not_found', 'conflict', 'enrolment_expired', 'destination_refused', 'delivery_failed')
  async send(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EnrolmentCodeDto> {
    const result = await this.sendEnrolmentCode.run({
      subject: subjectOf(request),
      factorId: idOf('fac', id),
      begunBy: askerOf(request),
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'sent':
        return { sentTo: result.sent.to, resendAfter: result.sent.resendAfter };
      case 'unknown':
        throw new Problem('not_found');
      case 'over':
        throw new Problem('enrolment_expired');
      case 'nothing-to-send':
        throw new Problem('conflict', { detail: 'Nothing is sent for this type of factor.' });
      case 'limited':
      case 'capped':
      case 'refused':
      case 'failed':
        throw unsentCode(result, reply);
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

@ApiTags('Factors')
@BeforeEnrolment()
@Controller('v1/me/factors')
export class EnrolmentController extends EnrolmentRoutes {
  protected override readonly by = 'user';
}

@ApiTags('Users')
@ForServers('factors')
@Controller('v1/users/:user/factors')
export class UserEnrolmentController extends EnrolmentRoutes {
  protected override readonly by = 'server';
}
