import { Controller, Delete, Get, HttpCode, Injectable, Param, Query, Req } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Database, Problem } from '@countersign/core';
import { DeviceStore, TrustedDevices } from '@countersign/devices';
import type { FastifyRequest } from 'fastify';
import { ForServers, OfUser } from '../http/access.decorator.js';
import { pageOf, pageRequest } from '../http/pagination.js';
import { Problems } from '../http/problems.decorator.js';
import { originOf } from '../http/request.js';
import { DeviceListDto } from './device.dto.js';
import { idOf } from './id.js';
import { ListQueryDto } from './list.dto.js';
import { subjectOf } from './subject.js';
import { deviceView } from './views.js';

/** The routes of trusted devices, whoever's they are. */
@Injectable()
abstract class DeviceRoutes {
  constructor(
    private readonly store: DeviceStore,
    private readonly devices: TrustedDevices,
    private readonly database: Database,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List the trusted devices', operationId: 'listDevices' })
  @ApiOkResponse({ type: DeviceListDto })
  @Problems()
  async list(@Query() query: ListQueryDto, @Req() request: FastifyRequest): Promise<DeviceListDto> {
    const page = pageRequest(query, 'dev');
    const { userId } = subjectOf(request);
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
    const { userId, application } = subjectOf(request);
    const owner = { applicationId: application.id, userId };
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
    const { userId, application } = subjectOf(request);
    await this.database.transaction((tx) =>
      this.devices.revokeAll(tx, application.id, userId, originOf(request)),
    );
  }
}

@ApiTags('Devices')
@Controller('v1/me/devices')
export class DeviceController extends DeviceRoutes {}

@ApiTags('Users')
@ForServers('devices')
@OfUser({ suspendedToo: true })
@Controller('v1/users/:user/devices')
export class UserDeviceController extends DeviceRoutes {}
