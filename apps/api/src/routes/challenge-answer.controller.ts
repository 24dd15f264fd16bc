import { Body, Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { AnswerChallenge, type Granted } from '@countersign/auth';
import { Problem } from '@countersign/core';
import { isForCookies, openedByToken, type Opening, SendChallenge } from '@countersign/factors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ForServersOrTempToken } from '../http/access.decorator.js';
import { CookieSessions } from '../http/cookie-sessions.js';
import { AnswerKept } from '../http/idempotency.js';
import { Problems } from '../http/problems.decorator.js';
import { FailClosed } from '../http/rate-limit.decorator.js';
import { applicationOf, originOf } from '../http/request.js';
import { AccessTokenDto, AuthenticatedDto } from './account.dto.js';
import { ApprovedDto, SendChallengeDto, SentCodeDto, ShownChallengeDto } from './challenge.dto.js';
import { idOf } from './id.js';
import { verificationOf } from './provider-bodies.js';
import { VerifyBudget } from './rejected-answer.js';
import { ServerAnswers } from './server-answers.js';
import { unsentCode } from './unsent-code.js';
import { sentView, tokensView } from './views.js';

@ApiTags('Challenges')
@ApiExtraModels(AuthenticatedDto, AccessTokenDto, ApprovedDto)
@ForServersOrTempToken('challenges')
@Controller('v1/challenges')
export class ChallengeAnswerController {
  constructor(
    private readonly sendChallenge: SendChallenge,
    private readonly answerChallenge: AnswerChallenge,
    private readonly serverAnswers: ServerAnswers,
    private readonly budget: VerifyBudget,
    private readonly cookies: CookieSessions,
  ) {}

  @Post(':id/send')
  @FailClosed()
  @ApiOperation({
    summary: 'Challenge the user: send a code, or get what the client needs for the answer',
    operationId: 'sendChallenge',
  })
  @ApiAcceptedResponse({ type: SentCodeDto, description: 'A code is on its way; the one before is void.' })
  @ApiOkResponse({ type: ShownChallengeDto, description: 'What the factor shows: `publicKey` for WebAuthn.' })
  @Problems(
    'not_found',
    'conflict',
    'challenge_closed',
    'destination_refused',
    'factor_locked',
    'delivery_failed',
  )
  async send(
    @Param('id') id: string,
    @Body() { factorId }: SendChallengeDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SentCodeDto | ShownChallengeDto> {
    const opening = openingOf(request);
    const result = await this.sendChallenge.run({
      application: applicationOf(request),
      opening: opening ?? 'server',
      challengeId: idOf('chl', id),
      factorId: idOf('fac', factorId),
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'sent':
        reply.status(202);
        return { sent: sentView(result.sent) };
      case 'shown':
        reply.status(200);
        return result.show;
      case 'nothing-to-send':
        throw new Problem('conflict', {
          detail: 'Nothing is sent for this factor: its user makes the code.',
        });
      case 'unauthorised':
        throw new Problem(opening === undefined ? 'not_found' : 'invalid_token');
      case 'dead':
        throw new Problem(opening === undefined ? 'challenge_closed' : 'invalid_token');
      case 'closed':
        throw new Problem('challenge_closed');
      case 'locked':
        throw new Problem('factor_locked');
      case 'no-such-factor':
        throw new Problem('not_found');
      case 'limited':
      case 'capped':
      case 'refused':
      case 'failed':
        throw unsentCode(result, reply);
    }
  }

  @Post(':id/verify')
  @HttpCode(200)
  @FailClosed()
  @AnswerKept(60_000)
  @ApiOperation({ summary: 'Answer a challenge', operationId: 'verifyChallenge' })
  @ApiOkResponse({
    description:
      'Tokens for a login; a new access token with a fresh `mfa_time` for a step-up; an assertion for a server.',
    schema: {
      anyOf: [
        { $ref: getSchemaPath(AuthenticatedDto) },
        { $ref: getSchemaPath(AccessTokenDto) },
        { $ref: getSchemaPath(ApprovedDto) },
      ],
    },
  })
  @Problems(
    'not_found',
    'answer_rejected',
    'challenge_closed',
    'factor_locked',
    'too_many_attempts',
    'csrf_rejected',
  )
  async verify(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuthenticatedDto | AccessTokenDto | ApprovedDto> {
    const opening = openingOf(request);
    if (opening === undefined) return this.serverAnswers.verify(id, body, request, reply);
    const inCookies = travelsInCookies(request);
    if (inCookies) this.cookies.requireOrigin(request);
    const { factorId, trustDevice, ...rest } = verificationOf(body);
    const result = await this.answerChallenge.run({
      opening,
      challengeId: idOf('chl', id),
      factorId: factorId === undefined ? undefined : idOf('fac', factorId),
      ...rest,
      trustDevice: trustDevice && applicationOf(request).policy.trustedDevices,
      origin: originOf(request),
    });
    const granted = this.budget.accepted(result, request, reply);
    return inCookies && granted.purpose === 'login'
      ? this.#keep(granted, request, reply)
      : grantedView(granted);
  }

  #keep(
    { issued, deviceToken }: Extract<Granted, { purpose: 'login' }>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): AuthenticatedDto {
    const application = applicationOf(request);
    if (deviceToken !== undefined) this.cookies.keepDevice(reply, application, deviceToken);
    return { status: 'authenticated', ...tokensView(this.cookies.keep(reply, application, issued)) };
  }
}

// `undefined` for a server, whose key opens what it asked for itself.
function openingOf({ credential }: FastifyRequest): Opening | undefined {
  if (credential?.kind === 'key') return undefined;
  const opening = credential?.kind === 'temp' ? openedByToken(credential.token) : undefined;
  if (opening === undefined) throw new Problem('invalid_token');
  return opening;
}

function travelsInCookies({ credential }: FastifyRequest): boolean {
  return credential?.kind === 'temp' && isForCookies(credential.token);
}

function grantedView(granted: Granted): AuthenticatedDto | AccessTokenDto {
  if (granted.purpose === 'step_up') return { status: 'authenticated', ...granted.token };
  const { issued, deviceToken } = granted;
  const tokens = { status: 'authenticated' as const, ...tokensView(issued) };
  return deviceToken === undefined ? tokens : { ...tokens, deviceToken };
}
