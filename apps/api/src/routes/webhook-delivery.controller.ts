import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Database, Problem } from '@countersign/core';
import { DeliveryStore, Redeliver, type RedeliverResult, WebhookStore } from '@countersign/webhooks';
import type { FastifyRequest } from 'fastify';
import { ForServers } from '../http/access.decorator.js';
import { pageOf, pageRequest } from '../http/pagination.js';
import { Problems } from '../http/problems.decorator.js';
import { applicationOf } from '../http/request.js';
import { validationFailed } from '../http/validation.js';
import { AcceptedDto } from './accepted.dto.js';
import { disabledWebhook } from './disabled-webhook.js';
import { momentOf } from './fields.js';
import { idOf } from './id.js';
import { ListQueryDto } from './list.dto.js';
import { deliveryView } from './views.js';
import { DeliveryListDto, RedeliverDto } from './webhook.dto.js';

@ApiTags('Webhooks')
@ForServers('webhooks')
@Controller('v1/webhooks/:id')
export class WebhookDeliveryController {
  constructor(
    private readonly webhooks: WebhookStore,
    private readonly deliveries: DeliveryStore,
    private readonly redeliver: Redeliver,
    private readonly database: Database,
  ) {}

  @Get('deliveries')
  @ApiOperation({ summary: 'List what was sent to a webhook, newest first', operationId: 'listDeliveries' })
  @ApiOkResponse({ type: DeliveryListDto })
  @Problems('not_found')
  async list(
    @Param('id') id: string,
    @Query() query: ListQueryDto,
    @Req() request: FastifyRequest,
  ): Promise<DeliveryListDto> {
    const webhookId = idOf('whk', id);
    const tx = this.database.direct;
    const page = pageRequest(query, 'dlv');
    const webhook = await this.webhooks.find(tx, applicationOf(request).id, webhookId);
    if (webhook === undefined) throw new Problem('not_found');
    const rows = await this.deliveries.list(tx, { webhookId, ...page });
    const { data, nextCursor } = pageOf(rows, page, 'dlv', deliveryView);
    return { data: [...data], nextCursor };
  }

  @Post('deliveries/:deliveryId/redeliver')
  @HttpCode(202)
  @ApiOperation({ summary: 'Send an event to a webhook once more', operationId: 'redeliver' })
  @ApiAcceptedResponse({ type: AcceptedDto, description: 'On its way, under the id that it had.' })
  @Problems('not_found', 'conflict')
  async one(
    @Param('id') id: string,
    @Param('deliveryId') deliveryId: string,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedDto> {
    const what = { deliveryId: idOf('dlv', deliveryId) };
    const { id: applicationId } = applicationOf(request);
    return accepted(await this.redeliver.run({ applicationId, webhookId: idOf('whk', id), what }));
  }

  @Post('redeliver')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Send a webhook everything once more that has happened since a moment',
    operationId: 'redeliverSince',
  })
  @ApiAcceptedResponse({
    type: AcceptedDto,
    description: 'On its way, also what happened while the webhook was disabled.',
  })
  @Problems('not_found', 'conflict')
  async all(
    @Param('id') id: string,
    @Body() { since: text }: RedeliverDto,
    @Req() request: FastifyRequest,
  ): Promise<AcceptedDto> {
    const since = momentOf(text);
    if (since === undefined) throw validationFailed([{ path: 'since', message: 'must be a time' }]);
    const { id: applicationId } = applicationOf(request);
    return accepted(await this.redeliver.run({ applicationId, webhookId: idOf('whk', id), what: { since } }));
  }
}

function accepted(result: RedeliverResult): AcceptedDto {
  if (result === 'unknown') throw new Problem('not_found');
  if (result === 'disabled') throw disabledWebhook();
  return { status: 'accepted' };
}
