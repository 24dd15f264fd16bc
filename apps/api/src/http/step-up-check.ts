import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import type { AuthConfig } from '@countersign/auth';
import { Clock, Problem } from '@countersign/core';
import type { Caller } from './request.js';

/** Asks for a fresh proof: the second factor once one is active, the password before (api.md, "Factors"). */
@Injectable()
export class StepUpCheck {
  constructor(
    private readonly clock: Clock,
    @Inject(getConfigToken('auth')) private readonly config: AuthConfig,
  ) {}

  /** @throws Problem `step_up_required` */
  require({ account, claims }: Caller): void {
    const proven = account.twoFactorEnabled ? claims.mfaTime : claims.authTime;
    const age = proven === undefined ? Infinity : this.clock.now().getTime() - proven.getTime();
    if (age > this.config.stepUpMaxAgeMs) throw new Problem('step_up_required');
  }
}
