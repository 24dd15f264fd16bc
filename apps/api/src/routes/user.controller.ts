import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Put,
  Query,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { SessionEnder, UserReader } from '@countersign/auth';
import { Database, Problem, type Tx } from '@countersign/core';
import { EraseUser, PutUser } from '@countersign/directory';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ForServers, OfUser } from '../http/access.decorator.js';
import { ErasureGuard } from '../http/erasure.guard.js';
import { pageOf, pageRequest } from '../http/pagination.js';
import { Problems } from '../http/problems.decorator.js';
import { applicationOf, originOf, userOf } from '../http/request.js';
import { permitChange } from '../http/user.guard.js';
import { UserDto } from './account.dto.js';
import { given } from './given.js';
import { ListQueryDto } from './list.dto.js';
import { changedMeanwhile } from './subject.js';
import { PutUserDto, UserListDto } from './user.dto.js';
import { userView } from './views.js';

@ApiTags('Users')
@ForServers('users')
@Controller('v1/users')
export class UserController {
  constructor(
    private readonly reader: UserReader,
    private readonly putUser: PutUser,
    private readonly eraseUser: EraseUser,
    private readonly sessions: SessionEnder,
    private readonly database: Database,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List the users', operationId: 'listUsers' })
  @ApiOkResponse({ type: UserListDto })
  @Problems()
  async list(@Query() query: ListQueryDto, @Req() request: FastifyRequest): Promise<UserListDto> {
    const page = pageRequest(query, 'usr');
    const applicationId = applicationOf(request).id;
    const rows = await this.reader.list(this.database.direct, { applicationId, ...page });
    const { data, nextCursor } = pageOf(rows, page, 'usr', userView);
    return { data: [...data], nextCursor };
  }

  @Get(':user')
  @ApiOperation({ summary: 'Show a user', operationId: 'getUser' })
  @ApiOkResponse({ type: UserDto })
  @Problems('not_found')
  async show(@Req() request: FastifyRequest): Promise<UserDto> {
    return this.#view(userOf(request).id);
  }

  @Put(':user')
  @OfUser({ mayBeNew: true, suspendedToo: true })
  @ApiOperation({ summary: 'Make a user, or change one; absent fields stay', operationId: 'putUser' })
  @ApiCreatedResponse({ type: UserDto, description: 'Made.' })
  @ApiOkResponse({ type: UserDto, description: 'Changed.' })
  @Problems('conflict')
  async put(
    @Param('user') externalId: string,
    @Body() facts: PutUserDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserDto> {
    const result = await this.putUser.run({
      applicationId: applicationOf(request).id,
      externalId,
      facts: given(facts),
      permit: (user) => permitChange(request, user),
      view: (tx, userId) => this.#view(userId, tx),
      origin: originOf(request),
    });
    switch (result.outcome) {
      case 'email-of-account':
        throw new Problem('conflict', {
          detail: 'The address of a built-in account changes only when its owner has verified the new one.',
        });
      case 'last-admin':
        throw lastAdministrator();
      case 'created':
      case 'updated':
        reply.status(result.outcome === 'created' ? 201 : 200);
        return result.view;
      case 'overtaken':
        throw changedMeanwhile();
    }
  }

  @Delete(':user')
  @UseGuards(ErasureGuard)
  @HttpCode(204)
  @OfUser({ suspendedToo: true })
  @ApiOperation({
    summary: 'Erase a user; one with factors needs the scope factors:write, too',
    operationId: 'eraseUser',
  })
  @ApiNoContentResponse({ description: 'Erased, with everything that belonged to them.' })
  @Problems('not_found', 'conflict')
  async erase(@Req() request: FastifyRequest): Promise<void> {
    const { id: userId, securityEpoch, role } = userOf(request);
    const applicationId = applicationOf(request).id;
    const origin = originOf(request);
    const outcome = await this.eraseUser.run({ userId, securityEpoch, applicationId, role, origin });
    if (outcome === 'gone') throw new Problem('not_found');
    if (outcome === 'changed') throw changedMeanwhile();
    if (outcome === 'last-admin') throw lastAdministrator();
  }

  @Delete(':user/sessions')
  @HttpCode(204)
  @OfUser({ suspendedToo: true })
  @ApiOperation({ summary: 'End all sessions of a user', operationId: 'endSessionsOfUser' })
  @ApiNoContentResponse({ description: 'Ended.' })
  @Problems('not_found')
  async endSessions(@Req() request: FastifyRequest): Promise<void> {
    await this.sessions.endEach({
      applicationId: applicationOf(request).id,
      userId: userOf(request).id,
      origin: originOf(request),
    });
  }

  async #view(userId: string, tx: Tx = this.database.direct): Promise<UserDto> {
    const user = await this.reader.byId(tx, userId);
    if (user === undefined) throw new Problem('not_found');
    return userView(user);
  }
}

function lastAdministrator(): Problem {
  return new Problem('conflict', { detail: 'This is the last administrator: make another one first.' });
}
