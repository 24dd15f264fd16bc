import { Body, Controller, Get, Param, Post, Query, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Database, Problem } from '@countersign/core';
import { CreateWebhook, WebhookStore } from '@countersign/webhooks';
import type { FastifyRequest } from 'fastify';
import { ForServers } from '../http/access.decorator.js';
import { pageOf, pageRequest } from '../http/pagination.js';
import { Problems } from '../http/problems.decorator.js';
import { applicationOf, originOf } from '../http/request.js';
import { validationFailed } from '../http/validation.js';
import { idOf } from './id.js';
import { ListQueryDto } from './list.dto.js';
import { webhookView } from './views.js';
import { CreateWebhookDto, ShownWebhookDto, WebhookDto, WebhookListDto } from './webhook.dto.js';

@ApiTags('Webhooks')
@ForServers('webhooks')
@Controller('v1/webhooks')
export class WebhookController {
  constructor(
    private readonly store: WebhookStore,
    private readonly createWebhook: CreateWebhook,
    private readonly database: Database,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Make a webhook', operationId: 'createWebhook' })
  @ApiCreatedResponse({ type: ShownWebhookDto, description: 'The webhook; its secret is shown this once.' })
  @Problems('conflict')
  async create(@Body() body: CreateWebhookDto, @Req() request: FastifyRequest): Promise<ShownWebhookDto> {
    const result = await this.createWebhook.run({
      applicationId: applicationOf(request).id,
      url: body.url,
      events: body.events,
      description: body.description ?? null,
      origin: originOf(request),
    });
    if (result.outcome === 'refused-target') throw validationFailed([{ path: 'url', message: result.fault }]);
    if (result.outcome === 'too-many') {
      throw new Problem('conflict', { detail: 'An application has at most 100 webhooks: delete one first.' });
    }
    return { ...webhookView(result.webhook), secret: result.secret.reveal() };
  }

  @Get()
  @ApiOperation({ summary: 'List the webhooks', operationId: 'listWebhooks' })
  @ApiOkResponse({ type: WebhookListDto })
  @Problems()
  async list(@Query() query: ListQueryDto, @Req() request: FastifyRequest): Promise<WebhookListDto> {
    const page = pageRequest(query, 'whk');
    const applicationId = applicationOf(request).id;
    const rows = await this.store.list(this.database.direct, { applicationId, ...page });
    const { data, nextCursor } = pageOf(rows, page, 'whk', webhookView);
    return { data: [...data], nextCursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a webhook', operationId: 'getWebhook' })
  @ApiOkResponse({ type: WebhookDto })
  @Problems('not_found')
  async show(@Param('id') id: string, @Req() request: FastifyRequest): Promise<WebhookDto> {
    const webhook = await this.store.find(this.database.direct, applicationOf(request).id, idOf('whk', id));
    if (webhook === undefined) throw new Problem('not_found');
    return webhookView(webhook);
  }
}
