import { Injectable } from '@nestjs/common';
import { Database, type Origin } from '@countersign/core';
import type { Application } from '@countersign/directory';
import { SecondFactors } from '@countersign/factors';
import { AccountMaker } from '../accounts/account-maker.js';
import { type IssuedSession, SessionIssuer } from '../sessions/session-issuer.js';

/** A new account. */
export interface RegisterInput {
  readonly application: Application;
  /** As stored: trimmed, lower case. */
  readonly email: string;
  /** Accepted by the password rules. */
  readonly password: string;
  readonly displayName: string | null;
  readonly locale: string | null;
  readonly origin: Origin;
}

/** How a registration ended. */
export type RegisterResult =
  { readonly outcome: 'registered'; readonly issued: IssuedSession } | { readonly outcome: 'email-taken' };

// A new user starts under the first epoch.
const FIRST_EPOCH = 1;

/** Makes an account and logs it in. */
@Injectable()
export class Register {
  constructor(
    private readonly accounts: AccountMaker,
    private readonly secondFactors: SecondFactors,
    private readonly issuer: SessionIssuer,
    private readonly database: Database,
  ) {}

  /** @throws HashingBusy when the pool's queue is full */
  async run({ application, origin, ...person }: RegisterInput): Promise<RegisterResult> {
    const account = await this.accounts.prepare({ ...person, applicationId: application.id, role: 'user' });
    return this.database.transaction(async (tx) => {
      if (!(await this.accounts.write(tx, account, origin))) return { outcome: 'email-taken' };
      const { id: userId, email, locale } = account;
      const subject = { application, userId, securityEpoch: FIRST_EPOCH, account: email, locale };
      const step = await this.secondFactors.begin(tx, {
        purpose: 'login',
        subject,
        deviceToken: undefined,
        origin,
      });
      const issued = step.required ? undefined : await this.issuer.issue(tx, step.proof, origin);
      if (issued === undefined) throw new Error('A new account could not be logged in');
      return { outcome: 'registered', issued };
    });
  }
}
