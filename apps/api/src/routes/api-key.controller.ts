import { Body, Controller, Get, Param, Post, Query, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiKeys, ApiKeyStore, CreateApiKey } from '@countersign/api-keys';
import { Clock, Database, Problem } from '@countersign/core';
import type { FastifyRequest } from 'fastify';
import { ForAdministrators } from '../http/access.decorator.js';
import { pageOf, pageRequest } from '../http/pagination.js';
import { Problems } from '../http/problems.decorator.js';
import { applicationOf, originOf } from '../http/request.js';
import { ApiKeyDto, ApiKeyListDto, CreateApiKeyDto, ShownApiKeyDto } from './api-key.dto.js';
import { comingMoment } from './coming-moment.js';
import { idOf } from './id.js';
import { ListQueryDto } from './list.dto.js';
import { apiKeyView } from './views.js';

@ApiTags('API keys')
@ForAdministrators()
@Controller('v1/api-keys')
export class ApiKeyController {
  constructor(
    private readonly store: ApiKeyStore,
    private readonly keys: ApiKeys,
    private readonly createApiKey: CreateApiKey,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Make an API key', operationId: 'createApiKey' })
  @ApiCreatedResponse({ type: ShownApiKeyDto, description: 'The key; its text is shown this once.' })
  @Problems()
  async create(@Body() body: CreateApiKeyDto, @Req() request: FastifyRequest): Promise<ShownApiKeyDto> {
    const { apiKey, key } = await this.createApiKey.run({
      applicationId: applicationOf(request).id,
      name: body.name,
      scopes: body.scopes,
      rateLimit: body.rateLimit ?? null,
      expiresAt: comingMoment('expiresAt', body.expiresAt ?? null, this.clock),
      origin: originOf(request),
    });
    return { ...apiKeyView(apiKey, this.keys.shownLimitOf(apiKey)), key: key.reveal() };
  }

  @Get()
  @ApiOperation({ summary: 'List the API keys, revoked ones included', operationId: 'listApiKeys' })
  @ApiOkResponse({ type: ApiKeyListDto })
  @Problems()
  async list(@Query() query: ListQueryDto, @Req() request: FastifyRequest): Promise<ApiKeyListDto> {
    const page = pageRequest(query, 'key');
    const applicationId = applicationOf(request).id;
    const rows = await this.store.list(this.database.direct, { applicationId, ...page });
    const { data, nextCursor } = pageOf(rows, page, 'key', (key) =>
      apiKeyView(key, this.keys.shownLimitOf(key)),
    );
    return { data: [...data], nextCursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show an API key', operationId: 'getApiKey' })
  @ApiOkResponse({ type: ApiKeyDto })
  @Problems('not_found')
  async show(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ApiKeyDto> {
    const key = await this.store.find(this.database.direct, applicationOf(request).id, idOf('key', id));
    if (key === undefined) throw new Problem('not_found');
    return apiKeyView(key, this.keys.shownLimitOf(key));
  }
}
