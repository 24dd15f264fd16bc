import { Body, Controller, Headers, HttpCode, Inject, Post, Query, Req } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { ApiExcludeController } from '@nestjs/swagger';
import { type CoreConfig, Problem } from '@countersign/core';
import { NoteTwilioStatus, TWILIO_CALLBACK } from '@countersign/delivery';
import type { FastifyRequest } from 'fastify';
import { Public } from '../http/access.decorator.js';
import { Unlimited } from '../http/rate-limit.decorator.js';

/** Where vendors report what became of messages. Not for clients, and so not in the OpenAPI document. */
@ApiExcludeController()
@Public()
@Controller()
export class DeliveryController {
  constructor(
    private readonly noteTwilioStatus: NoteTwilioStatus,
    @Inject(getConfigToken('core')) private readonly core: CoreConfig,
  ) {}

  @Post(TWILIO_CALLBACK)
  @HttpCode(204)
  @Unlimited()
  async twilio(
    @Body() fields: Record<string, string> | undefined,
    @Query('message') messageId: unknown,
    @Headers('x-twilio-signature') signature: string | undefined,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const query = /\?.*$/s.exec(request.raw.url ?? '')?.[0] ?? '';
    const result = await this.noteTwilioStatus.run({
      url: `${this.core.publicUrl}${TWILIO_CALLBACK}${query}`,
      signature,
      fields: fields ?? {},
      messageId: typeof messageId === 'string' ? messageId : undefined,
    });
    if (result === 'forged') throw new Problem('forbidden', { detail: 'The signature is not Twilio’s.' });
    if (result === 'not-set-up') throw new Problem('not_found');
  }
}
