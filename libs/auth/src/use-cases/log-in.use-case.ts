import { Injectable } from '@nestjs/common';
import { type BucketState, Database, type Origin } from '@countersign/core';
import type { Application } from '@countersign/directory';
import { type OpenedChallenge, SecondFactors } from '@countersign/factors';
import { type Account, actingAs, NOBODY, subjectOf } from '../accounts/account.js';
import { AccountStore, type AccountWithPassword } from '../accounts/account.store.js';
import { PasswordCheck } from '../passwords/password-check.js';
import { type IssuedSession, SessionIssuer } from '../sessions/session-issuer.js';

/** A login: the first step, and perhaps a token that stands for the second. */
export interface LogInInput {
  readonly application: Application;
  /** In any spelling. */
  readonly email: string;
  readonly password: string;
  readonly deviceToken: string | undefined;
  /** Whether the session is to travel in cookies. */
  readonly inCookies: boolean;
  readonly origin: Origin;
}

/** How a login ended. */
export type LogInResult =
  | { readonly outcome: 'authenticated'; readonly issued: IssuedSession }
  | ({ readonly outcome: 'challenge' } & OpenedChallenge)
  /** No such account, wrong password, suspended: one answer for all. `userId` is of no user where there is none. */
  | { readonly outcome: 'refused'; readonly userId: string }
  /** The password was right, but policy demands a verified address. */
  | { readonly outcome: 'unverified'; readonly account: Account }
  | { readonly outcome: 'limited'; readonly budget: BucketState };

/** Logs in with a password; the engine then decides whether a second factor is needed. */
@Injectable()
export class LogIn {
  constructor(
    private readonly accounts: AccountStore,
    private readonly passwords: PasswordCheck,
    private readonly secondFactors: SecondFactors,
    private readonly issuer: SessionIssuer,
    private readonly database: Database,
  ) {}

  async run({ application, email, password, ...how }: LogInInput): Promise<LogInResult> {
    const account = await this.accounts.byEmail(this.database.direct, application.id, email);
    const checked = await this.passwords.run({
      applicationId: application.id,
      email,
      account,
      password,
      deviceToken: how.deviceToken,
      origin: how.origin,
    });
    if (checked.outcome === 'limited') return checked;
    if (checked.outcome === 'wrong' || account === undefined || account.status !== 'active') {
      return { outcome: 'refused', userId: account?.id ?? NOBODY };
    }
    if (application.policy.requireVerifiedEmail && !account.emailVerified) {
      return { outcome: 'unverified', account };
    }
    return this.#secondStep(application, account, how);
  }

  async #secondStep(
    application: Application,
    account: AccountWithPassword,
    { deviceToken, inCookies, origin }: Pick<LogInInput, 'deviceToken' | 'inCookies' | 'origin'>,
  ): Promise<LogInResult> {
    const subject = subjectOf(account, application);
    const acting = actingAs(account.id, origin);
    const step = await this.secondFactors.begin(this.database.direct, {
      purpose: 'login',
      subject,
      deviceToken,
      inCookies,
      origin: acting,
    });
    if (step.required) return { outcome: 'challenge', ...step };
    // One statement, and so a transaction by itself.
    const issued = await this.issuer.issue(this.database.direct, step.proof, acting);
    return issued === undefined
      ? { outcome: 'refused', userId: account.id }
      : { outcome: 'authenticated', issued };
  }
}
