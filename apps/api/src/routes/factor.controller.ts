import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Injectable,
  Param,
  Patch,
  Query,
  Req,
} from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Database, Problem } from '@countersign/core';
import { ChangeFactor, FactorStore, RemoveFactor } from '@countersign/factors';
import type { FastifyRequest } from 'fastify';
import { ForServers, Sensitive } from '../http/access.decorator.js';
import { pageOf, pageRequest } from '../http/pagination.js';
import { Problems } from '../http/problems.decorator.js';
import { originOf } from '../http/request.js';
import { ChangeFactorDto, FactorDto, FactorListDto } from './factor.dto.js';
import { idOf } from './id.js';
import { ListQueryDto } from './list.dto.js';
import { changedMeanwhile, subjectOf } from './subject.js';
import { factorView } from './views.js';

/** The routes that list and change factors, whoever's they are. */
@Injectable()
abstract class FactorRoutes {
  constructor(
    private readonly factors: FactorStore,
    private readonly changeFactor: ChangeFactor,
    private readonly removeFactor: RemoveFactor,
    private readonly database: Database,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List the factors', operationId: 'listFactors' })
  @ApiOkResponse({ type: FactorListDto })
  @Problems()
  async list(@Query() query: ListQueryDto, @Req() request: FastifyRequest): Promise<FactorListDto> {
    const page = pageRequest(query, 'fac');
    const { userId } = subjectOf(request);
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
    const result = await this.changeFactor.run({
      subject: subjectOf(request),
      factorId: idOf('fac', id),
      ...(label === undefined ? {} : { label }),
      makeDefault: isDefault === true,
      origin: originOf(request),
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

@ApiTags('Factors')
@Controller('v1/me/factors')
export class FactorController extends FactorRoutes {}

@ApiTags('Users')
@ForServers('factors')
@Controller('v1/users/:user/factors')
export class UserFactorController extends FactorRoutes {}
