import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '@countersign/core';
import { UnlockFactor } from '@countersign/factors';
import type { FastifyRequest } from 'fastify';
import { ForServers } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { originOf } from '../http/request.js';
import { idOf } from './id.js';
import { subjectOf } from './subject.js';

/** The way out of a lock, which nobody has under `/v1/me`: whoever guesses could walk it, too. */
@ApiTags('Users')
@ForServers('factors')
@Controller('v1/users/:user/factors')
export class UnlockController {
  constructor(private readonly unlockFactor: UnlockFactor) {}

  @Post(':id/unlock')
  @HttpCode(204)
  @ApiOperation({ summary: 'Let a locked factor take answers again', operationId: 'unlockFactor' })
  @ApiNoContentResponse({ description: 'It takes answers.' })
  @Problems('forbidden', 'not_found')
  async unlock(@Param('id') id: string, @Req() request: FastifyRequest): Promise<void> {
    const factorId = idOf('fac', id);
    const origin = originOf(request);
    const found = await this.unlockFactor.run({ subject: subjectOf(request), factorId, origin });
    if (!found) throw new Problem('not_found');
  }
}
