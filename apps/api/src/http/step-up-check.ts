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

  /**
   * The same of administrators who change what they manage: an active factor, freshly proven, where the deployment
   * asks for it (api.md, "Management").
   * @throws Problem `step_up_required`
   */
  requireOfAdministrator(caller: Caller): void {
    if (!this.config.adminRequiresSecondFactor) return;
    if (!caller.account.twoFactorEnabled) {
      throw new Problem('step_up_required', {
        detail: 'Administrators need an active second factor here: enrol one under /v1/me/factors.',
      });
    }
    this.require(caller);
  }
}
