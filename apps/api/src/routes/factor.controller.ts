import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Query, Req } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Database, Problem } from '@countersign/core';
import { ChangeFactor, FactorStore, RemoveFactor } from '@countersign/factors';
import type { FastifyRequest } from 'fastify';
import { Sensitive } from '../http/access.decorator.js';
import { pageOf, pageRequest } from '../http/pagination.js';
import { Problems } from '../http/problems.decorator.js';
import { callerOf, originOf } from '../http/request.js';
import { ChangeFactorDto, FactorDto, FactorListDto } from './factor.dto.js';
import { idOf } from './id.js';
import { ListQueryDto } from './list.dto.js';
import { changedMeanwhile, subjectOf } from './subject.js';
import { factorView } from './views.js';

@ApiTags('Factors')
@Controller('v1/me/factors')
export class FactorController {
  constructor(
    private readonly factors: FactorStore,
    private readonly changeFactor: ChangeFactor,
    private readonly removeFactor: RemoveFactor,
    private readonly database: Database,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List the own factors', operationId: 'listFactors' })
  @ApiOkResponse({ type: FactorListDto })
  @Problems()
  async list(@Query() query: ListQueryDto, @Req() request: FastifyRequest): Promise<FactorListDto> {
    const page = pageRequest(query, 'fac');
    const userId = callerOf(request).account.id;
    const rows = await this.factors.list(this.database.direct, { userId, ...page });
    const { data, nextCursor } = pageOf(rows, page, 'fac', factorView);
    return { data: [...data], nextCursor };
  }

  @Patch(':id')
  @Sensitive()
  @ApiOperation({ summary: 'Rename a factor, or make it the default', operationId: 'changeFactor' })
  @ApiOkResponse({ type: FactorDto })
  @Problems('step_up_required', 'not_found', 'conflict')
  async change(
    @Param('id') id: string,
    @Body() { label, isDefault }: ChangeFactorDto,
    @Req() request: FastifyRequest,
  ): Promise<FactorDto> {
    const { account } = callerOf(request);
    const result = await this.changeFactor.run({
      userId: account.id,
      securityEpoch: account.securityEpoch,
      factorId: idOf('fac', id),
      ...(label === undefined ? {} : { label }),
      makeDefault: isDefault === true,
    });
    switch (result.outcome) {
      case 'changed':
        return factorView(result.factor);
      case 'unknown':
        throw new Problem('not_found');
      case 'user-changed':
        throw changedMeanwhile();
      case 'not-eligible':
        throw new Problem('conflict', {
          detail: 'Only an active factor that is no backup code can be the default.',
        });
    }
  }

  @Delete(':id')
  @HttpCode(204)
  @Sensitive()
  @ApiOperation({ summary: 'Remove a factor', operationId: 'removeFactor' })
  @ApiNoContentResponse({ description: 'Removed; other sessions and trusted devices have ended.' })
  @Problems('step_up_required', 'not_found', 'conflict')
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<void> {
    const result = await this.removeFactor.run({
      subject: subjectOf(request),
      factorId: idOf('fac', id),
      origin: originOf(request),
    });
    if (result === 'unknown') throw new Problem('not_found');
    if (result === 'user-changed') throw changedMeanwhile();
  }
}
