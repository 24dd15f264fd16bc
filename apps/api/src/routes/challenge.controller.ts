import { Body, Controller, Get, Param, Post, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Database, Problem } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { type Asked, OpenChallenge, ReadChallenge, TRIES_PER_CHALLENGE } from '@countersign/factors';
import type { FastifyRequest } from 'fastify';
import { ForServersOnly } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { FailClosed } from '../http/rate-limit.decorator.js';
import { applicationOf, originOf } from '../http/request.js';
import { permitChange, requireActive } from '../http/user.guard.js';
import { OpenChallengeDto, ServerChallengeDto } from './challenge.dto.js';
import { hashOfDetails } from './details.js';
import { idOf } from './id.js';
import { challengeView } from './views.js';

@ApiTags('Challenges')
@ForServersOnly('challenges')
@Controller('v1/challenges')
export class ChallengeController {
  constructor(
    private readonly openChallenge: OpenChallenge,
    private readonly readChallenge: ReadChallenge,
    private readonly users: UserStore,
    private readonly database: Database,
  ) {}

  @Post()
  @FailClosed()
  @ApiOperation({ summary: 'Ask for a proof of one of your users', operationId: 'openChallenge' })
  @ApiCreatedResponse({
    type: ServerChallengeDto,
    description: 'A challenge; already approved, with an assertion, where a trusted device stood in.',
  })
  @Problems('forbidden', 'not_enrolled', 'not_found', 'factor_locked')
  async open(@Body() body: OpenChallengeDto, @Req() request: FastifyRequest): Promise<ServerChallengeDto> {
    const application = applicationOf(request);
    const asked = askedIn(body);
    const user = await this.users.byExternalId(this.database.direct, application.id, body.user);
    if (user === undefined) throw new Problem('not_enrolled');
    permitChange(request, user);
    requireActive(user);
    const result = await this.openChallenge.run({
      application,
      user,
      asked,
      factorId: body.factorId === undefined ? undefined : idOf('fac', body.factorId),
      deviceToken: body.deviceToken,
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'opened':
        return challengeView(result.challenge, 'pending', TRIES_PER_CHALLENGE);
      case 'approved':
        return {
          ...challengeView(result.challenge, 'approved', TRIES_PER_CHALLENGE),
          assertion: result.assertion,
        };
      case 'not-enrolled':
        throw new Problem('not_enrolled');
      case 'no-such-factor':
        throw new Problem('not_found', { detail: 'The user has no such active factor.' });
      case 'locked':
        throw new Problem('factor_locked');
    }
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Show a challenge that you opened, until 15 minutes after its end',
    operationId: 'getChallenge',
  })
  @ApiOkResponse({ type: ServerChallengeDto })
  @Problems('not_found')
  async show(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ServerChallengeDto> {
    const read = await this.readChallenge.run(applicationOf(request).id, idOf('chl', id));
    if (read === undefined) throw new Problem('not_found');
    return challengeView(read.challenge, read.status, read.attemptsLeft);
  }
}

function askedIn({ action, details, context, locale }: OpenChallengeDto): Omit<Asked, 'externalId'> {
  return {
    action: action ?? null,
    detailsHash: hashOfDetails(details),
    ip: context?.ip ?? null,
    userAgent: context?.userAgent ?? null,
    locale: locale ?? null,
  };
}
