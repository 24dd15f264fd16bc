import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { EphemeralStore, RestoreWatch } from '@countersign/core';
import { StoredSecrets } from '@countersign/factors';
import type { FastifyReply } from 'fastify';
import { Public } from '../http/access.decorator.js';
import { HealthDto, LivenessDto } from './health.dto.js';

// A dependency that takes longer is as good as gone for whoever asks.
const PATIENCE_MS = 1_000;
const REMEMBERED_MS = 1_000;

const HELD =
  'The database was restored from a backup: webhooks and notices are held until after-restore has been run.';

interface DependencyState {
  readonly database: boolean;
  readonly store: boolean;
  readonly held: boolean;
}

@ApiTags('Operations')
@Public()
@Controller('health')
export class HealthController {
  #stopping = false;
  #seen: { readonly until: number; readonly state: Promise<DependencyState> } | undefined;

  constructor(
    private readonly restore: RestoreWatch,
    private readonly store: EphemeralStore,
    private readonly storedSecrets: StoredSecrets,
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
    const { database, store, held } = await this.#look();
    const healthy = database && store && !this.#stopping;
    if (!healthy) reply.status(503).header('Retry-After', '2');
    const notes = [...this.storedSecrets.misfits.map(misfit), ...(held ? [HELD] : [])];
    return {
      status: healthy ? 'ok' : 'unavailable',
      checks: {
        database: database ? 'ok' : 'unavailable',
        ephemeralStore: store ? 'ok' : 'unavailable',
        // Requests are answered all the same.
        ...(held ? { relay: 'held' } : {}),
      },
      ...(notes.length === 0 ? {} : { notes }),
    };
  }

  // One look serves all who ask within a second, so that asking costs the dependencies nothing.
  #look(): Promise<DependencyState> {
    const now = performance.now();
    if (this.#seen === undefined || this.#seen.until <= now) {
      this.#seen = { until: now + REMEMBERED_MS, state: this.#ask() };
    }
    return this.#seen.state;
  }

  async #ask(): Promise<DependencyState> {
    const [database, store] = await Promise.all([
      // Asks PostgreSQL, too.
      answers(() => this.restore.look()),
      answers(() => this.store.ping()),
    ]);
    return { database, store, held: this.restore.heldSince !== undefined };
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

function misfit(type: string): string {
  return `Factors of the type “${type}” cannot be used: their secrets do not fit its provider's schema.`;
}

async function answers(ping: () => Promise<unknown>): Promise<boolean> {
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
