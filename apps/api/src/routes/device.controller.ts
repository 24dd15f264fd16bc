import { Controller, Delete, Get, HttpCode, Param, Query, Req } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Database, Problem } from '@countersign/core';
import { DeviceStore, TrustedDevices } from '@countersign/devices';
import type { FastifyRequest } from 'fastify';
import { pageOf, pageRequest } from '../http/pagination.js';
import { Problems } from '../http/problems.decorator.js';
import { callerOf, originOf } from '../http/request.js';
import { DeviceListDto } from './device.dto.js';
import { idOf } from './id.js';
import { ListQueryDto } from './list.dto.js';
import { deviceView } from './views.js';

@ApiTags('Devices')
@Controller('v1/me/devices')
export class DeviceController {
  constructor(
    private readonly store: DeviceStore,
    private readonly devices: TrustedDevices,
    private readonly database: Database,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List the own trusted devices', operationId: 'listDevices' })
  @ApiOkResponse({ type: DeviceListDto })
  @Problems()
  async list(@Query() query: ListQueryDto, @Req() request: FastifyRequest): Promise<DeviceListDto> {
    const page = pageRequest(query, 'dev');
    const userId = callerOf(request).account.id;
    const rows = await this.store.list(this.database.direct, { userId, ...page });
    const { data, nextCursor } = pageOf(rows, page, 'dev', deviceView);
    return { data: [...data], nextCursor };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Stop trusting a device', operationId: 'revokeDevice' })
  @ApiNoContentResponse({ description: 'It has to answer the second factor again.' })
  @Problems('not_found')
  async revoke(@Param('id') id: string, @Req() request: FastifyRequest): Promise<void> {
    const { account } = callerOf(request);
    const owner = { applicationId: account.applicationId, userId: account.id };
    const deviceId = idOf('dev', id);
    const revoked = await this.database.transaction((tx) =>
      this.devices.revoke(tx, owner, deviceId, originOf(request)),
    );
    if (!revoked) throw new Problem('not_found');
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ summary: 'Stop trusting all devices', operationId: 'revokeDevices' })
  @ApiNoContentResponse({ description: 'All have to answer the second factor again.' })
  @Problems()
  async revokeAll(@Req() request: FastifyRequest): Promise<void> {
    const { account } = callerOf(request);
    await this.database.transaction((tx) =>
      this.devices.revokeAll(tx, account.applicationId, account.id, originOf(request)),
    );
  }
}
