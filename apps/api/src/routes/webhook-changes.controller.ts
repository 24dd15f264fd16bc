import { Body, Controller, Delete, HttpCode, Param, Patch, Post, Req } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type Origin, Problem } from '@countersign/core';
import { ChangeWebhook, DeleteWebhook, RotateWebhookSecret, TestWebhook } from '@countersign/webhooks';
import type { FastifyRequest } from 'fastify';
import { ForServers } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { applicationOf, originOf } from '../http/request.js';
import { validationFailed } from '../http/validation.js';
import { AcceptedDto } from './accepted.dto.js';
import { given } from './given.js';
import { idOf } from './id.js';
import { disabledWebhook } from './disabled-webhook.js';
import { webhookView } from './views.js';
import { ChangeWebhookDto, ShownWebhookDto, WebhookDto } from './webhook.dto.js';

@ApiTags('Webhooks')
@ForServers('webhooks')
@Controller('v1/webhooks')
export class WebhookChangesController {
  constructor(
    private readonly changeWebhook: ChangeWebhook,
    private readonly deleteWebhook: DeleteWebhook,
    private readonly rotateSecret: RotateWebhookSecret,
    private readonly testWebhook: TestWebhook,
  ) {}

  @Patch(':id')
  @ApiOperation({ summary: 'Change a webhook, or enable one again', operationId: 'changeWebhook' })
  @ApiOkResponse({ type: WebhookDto })
  @Problems('not_found')
  async change(
    @Param('id') id: string,
    @Body() body: ChangeWebhookDto,
    @Req() request: FastifyRequest,
  ): Promise<WebhookDto> {
    const result = await this.changeWebhook.run({ ...which(id, request), changes: given(body) });
    if (result.outcome === 'unknown') throw new Problem('not_found');
    if (result.outcome === 'refused-target') throw validationFailed([{ path: 'url', message: result.fault }]);
    return webhookView(result.webhook);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a webhook', operationId: 'deleteWebhook' })
  @ApiNoContentResponse({ description: 'Removed; what was on its way to it comes to nothing.' })
  @Problems('not_found')
  async remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<void> {
    if (!(await this.deleteWebhook.run(which(id, request)))) throw new Problem('not_found');
  }

  @Post(':id/rotate-secret')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Give a webhook a new secret; for a day, the one before signs as well',
    operationId: 'rotateWebhookSecret',
  })
  @ApiOkResponse({ type: ShownWebhookDto, description: 'The webhook; its new secret is shown this once.' })
  @Problems('not_found')
  async rotate(@Param('id') id: string, @Req() request: FastifyRequest): Promise<ShownWebhookDto> {
    const rotated = await this.rotateSecret.run(which(id, request));
    if (rotated === undefined) throw new Problem('not_found');
    return { ...webhookView(rotated.webhook), secret: rotated.secret.reveal() };
  }

  @Post(':id/test')
  @HttpCode(202)
  @ApiOperation({ summary: 'Send a webhook a `webhook.test` event', operationId: 'testWebhook' })
  @ApiAcceptedResponse({
    type: AcceptedDto,
    description: 'On its way; its deliveries tell what has become of it.',
  })
  @Problems('not_found', 'conflict')
  async test(@Param('id') id: string, @Req() request: FastifyRequest): Promise<AcceptedDto> {
    const result = await this.testWebhook.run(which(id, request));
    if (result === 'unknown') throw new Problem('not_found');
    if (result === 'disabled') throw disabledWebhook();
    return { status: 'accepted' };
  }
}

function which(
  id: string,
  request: FastifyRequest,
): { readonly applicationId: string; readonly id: string; readonly origin: Origin } {
  return { applicationId: applicationOf(request).id, id: idOf('whk', id), origin: originOf(request) };
}
