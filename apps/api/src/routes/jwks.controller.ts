import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type PublicJwk, SigningKeys } from '@countersign/core';
import { Public } from '../http/access.decorator.js';

@ApiTags('Operations')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  @Get('jwks.json')
  @Public()
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({ summary: 'Keys that verify our tokens (RFC 7517)', operationId: 'getJwks' })
  @ApiOkResponse({
    schema: {
      type: 'object',
      required: ['keys'],
      properties: {
        keys: { type: 'array', items: { type: 'object', additionalProperties: { type: 'string' } } },
      },
    },
  })
  show(): { keys: readonly PublicJwk[] } {
    return { keys: this.keys.published };
  }
}
