import { Body, Controller, Delete, HttpCode, Param, Patch, Post, Req } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiKeys, ChangeApiKey, RevokeApiKey, RotateApiKey } from '@countersign/api-keys';
import { Clock, Problem } from '@countersign/core';
import type { FastifyRequest } from 'fastify';
import { ForAdministrators } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { applicationOf, originOf } from '../http/request.js';
import { ApiKeyDto, ChangeApiKeyDto, RotateApiKeyDto, ShownApiKeyDto } from './api-key.dto.js';
import { comingMoment } from './coming-moment.js';
import { given } from './given.js';
import { idOf } from './id.js';
import { apiKeyView } from './views.js';

/** So that a key can be exchanged on every server without a pause, when nobody says how long it takes. */
const GRACE_SECONDS = 86_400;

@ApiTags('API keys')
@ForAdministrators()
@Controller('v1/api-keys')
export class ApiKeyChangesController {
  constructor(
    private readonly keys: ApiKeys,
    private readonly changeApiKey: ChangeApiKey,
    private readonly rotateApiKey: RotateApiKey,
    private readonly revokeApiKey: RevokeApiKey,
    private readonly clock: Clock,
  ) {}

  @Patch(':id')
  @ApiOperation({ summary: 'Change an API key', operationId: 'changeApiKey' })
  @ApiOkResponse({ type: ApiKeyDto, description: 'Changed; in force everywhere within five seconds.' })
  @Problems('not_found', 'conflict')
  async change(
    @Param('id') id: string,
    @Body() { expiresAt, ...rest }: ChangeApiKeyDto,
    @Req() request: FastifyRequest,
  ): Promise<ApiKeyDto> {
    const result = await this.changeApiKey.run({
      ...this.#which(id, request),
      changes: given({ ...rest, expiresAt: comingMoment('expiresAt', expiresAt, this.clock) }),
    });
    if (result.outcome === 'unknown') throw new Problem('not_found');
    if (result.outcome === 'revoked') throw new Problem('conflict', { detail: 'The key is revoked.' });
    return apiKeyView(result.apiKey, this.keys.shownLimitOf(result.apiKey));
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Give an API key a new secret', operationId: 'rotateApiKey' })
  @ApiOkResponse({ type: ShownApiKeyDto, description: 'The same key; its new text is shown this once.' })
  @Problems('not_found', 'conflict')
  async rotate(
    @Param('id') id: string,
    @Body() { graceSeconds = GRACE_SECONDS }: RotateApiKeyDto,
    @Req() request: FastifyRequest,
  ): Promise<ShownApiKeyDto> {
    const result = await this.rotateApiKey.run({ ...this.#which(id, request), graceSeconds });
    if (result.outcome === 'unknown') throw new Problem('not_found');
    if (result.outcome === 'over') {
      throw new Problem('conflict', { detail: 'The key is revoked or has expired: make a new one.' });
    }
    const { apiKey, key } = result;
    return { ...apiKeyView(apiKey, this.keys.shownLimitOf(apiKey)), key: key.reveal() };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke an API key', operationId: 'revokeApiKey' })
  @ApiNoContentResponse({ description: 'Revoked; refused everywhere within five seconds.' })
  @Problems('not_found')
  async revoke(@Param('id') id: string, @Req() request: FastifyRequest): Promise<void> {
    if (!(await this.revokeApiKey.run(this.#which(id, request)))) throw new Problem('not_found');
  }

  #which(
    id: string,
    request: FastifyRequest,
  ): { applicationId: string; id: string; origin: ReturnType<typeof originOf> } {
    return { applicationId: applicationOf(request).id, id: idOf('key', id), origin: originOf(request) };
  }
}
