import { Body, Controller, Delete, Get, HttpCode, Patch, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { ChangeEmail, ChangeProfile } from '@countersign/auth';
import { type Origin, Problem } from '@countersign/core';
import { canonicalEmail, EraseUser } from '@countersign/directory';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BeforeEnrolment, BeforeVerification, Sensitive } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { type Caller, callerOf, originOf } from '../http/request.js';
import { StepUpCheck } from '../http/step-up-check.js';
import { waitFor } from '../http/waiting.js';
import { ChangeAccountDto, UserDto } from './account.dto.js';
import { given } from './given.js';
import { changedMeanwhile } from './subject.js';
import { userView } from './views.js';

@ApiTags('Me')
@Controller('v1/me')
export class MeController {
  constructor(
    private readonly changeProfile: ChangeProfile,
    private readonly changeEmail: ChangeEmail,
    private readonly eraseUser: EraseUser,
    private readonly stepUp: StepUpCheck,
  ) {}

  @Get()
  @BeforeEnrolment()
  @BeforeVerification()
  @ApiOperation({ summary: 'Show the own account', operationId: 'getMe' })
  @ApiOkResponse({ type: UserDto })
  @Problems()
  show(@Req() request: FastifyRequest): UserDto {
    return userView(callerOf(request).account);
  }

  @Patch()
  @ApiOperation({
    summary: 'Change the own account; a new address asks for a fresh proof',
    operationId: 'changeMe',
  })
  @ApiOkResponse({ type: UserDto, description: 'Changed.' })
  @ApiAcceptedResponse({
    type: UserDto,
    description: 'The new address was taken note of, whether it is free or not.',
  })
  @Problems('step_up_required', 'conflict')
  async change(
    @Body() changes: ChangeAccountDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserDto> {
    const caller = callerOf(request);
    const { account } = caller;
    const changesEmail = changes.email !== undefined && changes.email !== canonicalEmail(account.email);
    if (changesEmail) this.stepUp.require(caller);
    const { email, ...profile } = given(changes);
    if (changesEmail && email !== undefined) await this.#changeEmail(account, email, originOf(request));
    const result = await this.changeProfile.run({ account, changes: profile, origin: originOf(request) });
    if (result.outcome === 'overtaken') throw changedMeanwhile();
    const changed = result.account;
    if (!changesEmail) return userView(changed);
    // The answer must not tell whether the address was free, so it shows the one before.
    reply.status(202);
    return userView({ ...changed, email: account.email, emailVerified: account.emailVerified });
  }

  async #changeEmail(account: Caller['account'], email: string, origin: Origin): Promise<void> {
    const result = await this.changeEmail.run({ account, email, origin });
    if (result.outcome === 'overtaken') throw changedMeanwhile();
    if (result.outcome === 'limited')
      throw new Problem(
        'rate_limited',
        waitFor(result.budget, 'The account was sent too many mails with links.'),
      );
  }

  @Delete()
  @HttpCode(204)
  @Sensitive()
  @ApiOperation({ summary: 'Erase the own account', operationId: 'eraseMe' })
  @ApiNoContentResponse({ description: 'Erased, with everything that belonged to it.' })
  @Problems('step_up_required', 'conflict')
  async erase(@Req() request: FastifyRequest): Promise<void> {
    const { account } = callerOf(request);
    const outcome = await this.eraseUser.run({
      userId: account.id,
      securityEpoch: account.securityEpoch,
      applicationId: account.applicationId,
      role: account.role,
      origin: originOf(request),
    });
    if (outcome === 'gone') throw new Problem('invalid_token');
    if (outcome === 'changed') throw changedMeanwhile();
    if (outcome === 'last-admin') {
      throw new Problem('conflict', { detail: 'This is the last administrator: make another one first.' });
    }
  }
}
