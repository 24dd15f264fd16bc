import { Body, Controller, Get, Param, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '@countersign/core';
import { ChangeApplication, CreateApplication } from '@countersign/directory';
import type { FastifyRequest } from 'fastify';
import { ForAdministrators } from '../http/access.decorator.js';
import { AdministeredApplications } from '../http/administered-applications.js';
import { pageOf, pageRequest } from '../http/pagination.js';
import { Problems } from '../http/problems.decorator.js';
import { callerOf, originOf } from '../http/request.js';
import {
  ApplicationDto,
  ApplicationListDto,
  ChangeApplicationDto,
  CreateApplicationDto,
} from './application.dto.js';
import { given } from './given.js';
import { idOf } from './id.js';
import { ListQueryDto } from './list.dto.js';
import { PolicyBodies } from './policy-bodies.js';
import { applicationView } from './views.js';

/** Tenants. Administrators of the default application manage all of them, those of another their own. */
@ApiTags('Applications')
@ForAdministrators()
@Controller('v1/applications')
export class ApplicationController {
  constructor(
    private readonly administered: AdministeredApplications,
    private readonly createApplication: CreateApplication,
    private readonly changeApplication: ChangeApplication,
    private readonly policies: PolicyBodies,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Make an application', operationId: 'createApplication' })
  @ApiCreatedResponse({ type: ApplicationDto })
  @Problems('conflict')
  async create(@Body() body: CreateApplicationDto, @Req() request: FastifyRequest): Promise<ApplicationDto> {
    if (!(await this.administered.all(callerOf(request)))) {
      throw new Problem('forbidden', {
        detail: 'Only administrators of the default application make others.',
      });
    }
    const { name, slug, issuer = name.replaceAll(':', ' ').slice(0, 64), allowedOrigins = [] } = body;
    const made = await this.createApplication.run({
      name,
      slug,
      issuer,
      allowedOrigins,
      policy: this.policies.read(body.policy ?? {}),
      origin: originOf(request),
    });
    if (made === undefined) throw new Problem('conflict', { detail: 'The slug is taken.' });
    return applicationView(made);
  }

  @Get()
  @ApiOperation({ summary: 'List the applications', operationId: 'listApplications' })
  @ApiOkResponse({ type: ApplicationListDto })
  @Problems()
  async list(@Query() query: ListQueryDto, @Req() request: FastifyRequest): Promise<ApplicationListDto> {
    const page = pageRequest(query, 'app');
    const rows = await this.administered.list(callerOf(request), page);
    const { data, nextCursor } = pageOf(rows, page, 'app', applicationView);
    return { data: [...data], nextCursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show an application', operationId: 'getApplication' })
  @ApiOkResponse({ type: ApplicationDto })
  @Problems('not_found')
  async show(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ApplicationDto> {
    return applicationView(await this.administered.find(callerOf(request), idOf('app', id)));
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change an application', operationId: 'changeApplication' })
  @ApiOkResponse({ type: ApplicationDto, description: 'Changed; in force everywhere within five seconds.' })
  @Problems('not_found')
  async change(
    @Param('id') id: string,
    @Body() { policy, ...body }: ChangeApplicationDto,
    @Req() request: FastifyRequest,
  ): Promise<ApplicationDto> {
    const { id: applicationId } = await this.administered.find(callerOf(request), idOf('app', id));
    const changed = await this.changeApplication.run({
      id: applicationId,
      changes: {
        ...given(body),
        ...(policy === undefined ? {} : { policy: this.policies.read(policy) }),
      },
      origin: originOf(request),
    });
    if (changed === undefined) throw new Problem('not_found');
    return applicationView(changed);
  }
}
