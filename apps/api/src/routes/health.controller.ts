import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { Database, EphemeralStore } from '@countersign/core';
import type { FastifyReply } from 'fastify';
import { Public } from '../http/access.decorator.js';
import { HealthDto, LivenessDto } from './health.dto.js';

// A dependency that takes longer is as good as gone for whoever asks.
const PATIENCE_MS = 1_000;

@ApiTags('Operations')
@Public()
@Controller('health')
export class HealthController {
  #stopping = false;

  constructor(
    private readonly database: Database,
    private readonly store: EphemeralStore,
  ) {}

  /** Turns readiness off: from here on no balancer should send anything new. */
  announceStop(): void {
    this.#stopping = true;
  }

  @Get()
  @ApiOperation({ summary: 'State of each dependency', operationId: 'getHealth' })
  @ApiOkResponse({ type: HealthDto })
  @ApiServiceUnavailableResponse({
    type: HealthDto,
    description: 'Something that is needed is not reachable.',
  })
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthDto> {
    const [database, store] = await Promise.all([
      answers(() => this.database.ping()),
      answers(() => this.store.ping()),
    ]);
    const healthy = database && store && !this.#stopping;
    if (!healthy) reply.status(503).header('Retry-After', '2');
    return {
      status: healthy ? 'ok' : 'unavailable',
      checks: { database: database ? 'ok' : 'unavailable', ephemeralStore: store ? 'ok' : 'unavailable' },
    };
  }

  @Get('live')
  @ApiOperation({ summary: 'Whether the process runs', operationId: 'getLiveness' })
  @ApiOkResponse({ type: LivenessDto })
  live(): LivenessDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether requests should be sent here', operationId: 'getReadiness' })
  @ApiOkResponse({ type: HealthDto })
  @ApiServiceUnavailableResponse({ type: HealthDto, description: 'Not now.' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthDto> {
    return this.health(reply);
  }
}

async function answers(ping: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, false);
  });
  try {
    return await Promise.race([
      ping().then(
        () => true,
        () => false,
      ),
      patience,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
