import { Injectable } from '@nestjs/common';
import { type BucketState, Database } from '@countersign/core';
import type { Account } from '../accounts/account.js';
import { MailedLinks } from '../mailed-links/mailed-links.js';

/** How it ended. */
export type ResendVerificationResult =
  | { readonly outcome: 'sent' }
  /** The address is verified already: nothing is sent. */
  | { readonly outcome: 'verified' }
  | { readonly outcome: 'limited'; readonly budget: BucketState };

/** Has the link that verifies an account's address mailed once more. */
@Injectable()
export class ResendVerification {
  constructor(
    private readonly links: MailedLinks,
    private readonly database: Database,
  ) {}

  async run(account: Account): Promise<ResendVerificationResult> {
    const { applicationId, email } = account;
    if (account.emailVerified) return { outcome: 'verified' };
    const allowance = await this.links.allow(applicationId, email);
    if (!allowance.allowed) return { outcome: 'limited', budget: allowance.budget };
    await this.links.request(this.database.direct, {
      applicationId,
      kind: 'verify_email',
      email,
      user: undefined,
    });
    return { outcome: 'sent' };
  }
}
