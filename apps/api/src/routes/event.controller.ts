import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuditLog, Database, parsePublicId } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import type { FastifyRequest } from 'fastify';
import { ForServers } from '../http/access.decorator.js';
import { pageOf, pageRequest } from '../http/pagination.js';
import { Problems } from '../http/problems.decorator.js';
import { applicationOf } from '../http/request.js';
import { EventListDto, EventQueryDto } from './event.dto.js';
import { momentOf } from './fields.js';
import { eventView, personsOf } from './views.js';

@ApiTags('Events')
@ForServers('events')
@Controller('v1/events')
export class EventController {
  constructor(
    private readonly audit: AuditLog,
    private readonly users: UserStore,
    private readonly database: Database,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Read the audit log, newest first', operationId: 'listEvents' })
  @ApiOkResponse({ type: EventListDto })
  @Problems()
  async list(@Query() query: EventQueryDto, @Req() request: FastifyRequest): Promise<EventListDto> {
    const page = pageRequest(query, 'evt');
    const applicationId = applicationOf(request).id;
    const userId = query.user === undefined ? undefined : await this.#userId(applicationId, query.user);
    if (userId === null) return { data: [], nextCursor: null };
    const rows = await this.audit.list(this.database.direct, {
      applicationId,
      type: query.type,
      userId,
      from: momentOf(query.from),
      to: momentOf(query.to),
      ...page,
    });
    const names = await this.users.externalIds(this.database.direct, rows.flatMap(personsOf));
    const { data, nextCursor } = pageOf(rows, page, 'evt', (event) => eventView(event, names));
    return { data: [...data], nextCursor };
  }

  // An erased user has no id of the application's own any more, but the log still knows ours.
  async #userId(applicationId: string, name: string): Promise<string | null> {
    const id = parsePublicId('usr', name);
    if (id !== undefined) return id;
    return (await this.users.byExternalId(this.database.direct, applicationId, name))?.id ?? null;
  }
}
