import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import { MailedLinks } from '../mailed-links/mailed-links.js';

/** Who has forgotten their password. */
export interface RequestPasswordResetInput {
  /** UUID. */
  readonly applicationId: string;
  /** In the form in which it is stored. */
  readonly email: string;
}

/**
 * Has a link mailed to whoever has an account with an address. Nobody looks yet whether there is one: a worker does,
 * later, so that neither answer nor time tells (security.md, rule 6).
 */
@Injectable()
export class RequestPasswordReset {
  constructor(
    private readonly links: MailedLinks,
    private readonly database: Database,
  ) {}

  /** Past the mail limit the same is done, but nothing is sent. */
  async run({ applicationId, email }: RequestPasswordResetInput): Promise<void> {
    const { allowed } = await this.links.allow(applicationId, email);
    const request = { applicationId, kind: 'reset_password', email, user: undefined } as const;
    if (allowed) await this.links.request(this.database.direct, request);
    else await this.links.pretend(this.database.direct, request);
  }
}
