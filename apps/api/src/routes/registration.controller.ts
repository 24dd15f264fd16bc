import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { checkPassword, Register } from '@countersign/auth';
import { Problem } from '@countersign/core';
import type { FastifyRequest } from 'fastify';
import { Public } from '../http/access.decorator.js';
import { Problems } from '../http/problems.decorator.js';
import { RateLimited } from '../http/rate-limit.decorator.js';
import { applicationOf, originOf } from '../http/request.js';
import { validationFailed } from '../http/validation.js';
import { RegisterDto, SessionTokensDto } from './account.dto.js';
import { tokensView } from './views.js';

@ApiTags('Accounts')
@Controller('v1/auth')
export class RegistrationController {
  constructor(private readonly register: Register) {}

  @Post('register')
  @HttpCode(201)
  @Public()
  @RateLimited('register')
  @ApiOperation({ summary: 'Register an account', operationId: 'register' })
  @ApiCreatedResponse({ type: SessionTokensDto, description: 'The account, logged in.' })
  @Problems('email_taken', 'password_rejected', 'forbidden')
  async create(@Body() body: RegisterDto, @Req() request: FastifyRequest): Promise<SessionTokensDto> {
    const application = applicationOf(request);
    if (application.policy.registration === 'closed') {
      throw new Problem('forbidden', { detail: 'Registration is closed.' });
    }
    requireAcceptablePassword(body);
    const { email, password, displayName = null, locale = null } = body;
    const origin = originOf(request);
    const result = await this.register.run({ application, email, password, displayName, locale, origin });
    if (result.outcome === 'email-taken') throw new Problem('email_taken');
    return tokensView(result.issued);
  }
}

function requireAcceptablePassword({ email, password, displayName = null }: RegisterDto): void {
  const ruling = checkPassword(password, { email, displayName });
  if (ruling.accepted) return;
  throw ruling.tooLong
    ? validationFailed(ruling.reasons)
    : new Problem('password_rejected', { errors: ruling.reasons });
}
