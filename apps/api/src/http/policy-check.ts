import { Injectable } from '@nestjs/common';
import { Problem } from '@countersign/core';
import { Applications } from '@countersign/directory';
import type { Caller } from './request.js';

/** What a route lets pass. */
export interface Exemptions {
  /** Accounts whose address is not verified yet. */
  readonly unverifiedToo: boolean;
  /** Sessions without a second factor, or whose account has none any more. */
  readonly beforeEnrolment: boolean;
}

/** Asks of callers what the policy of their own application demands, whichever application they act on. */
@Injectable()
export class PolicyCheck {
  constructor(private readonly applications: Applications) {}

  /** @throws Problem `email_unverified`, `enrolment_required` */
  async require({ account, claims }: Caller, { unverifiedToo, beforeEnrolment }: Exemptions): Promise<void> {
    const own = await this.applications.byId(account.applicationId);
    if (own === undefined) return;
    const { requireVerifiedEmail, requireSecondFactor } = own.policy;
    if (requireVerifiedEmail && !account.emailVerified && !unverifiedToo) {
      throw new Problem('email_unverified');
    }
    // Also an account that has lost its only factor since: what the session proved then protects nothing now.
    const proven = account.twoFactorEnabled && claims.mfaTime !== undefined;
    if (requireSecondFactor && !proven && !beforeEnrolment) throw new Problem('enrolment_required');
  }
}
