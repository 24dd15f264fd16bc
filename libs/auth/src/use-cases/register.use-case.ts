import { Injectable } from '@nestjs/common';
import { Database, type Origin, type Tx } from '@countersign/core';
import type { Application } from '@countersign/directory';
import { SecondFactors } from '@countersign/factors';
import { AccountMaker, type PreparedAccount } from '../accounts/account-maker.js';
import type { MailRequest } from '../mailed-links/mailed-link.js';
import { MailedLinks } from '../mailed-links/mailed-links.js';
import { type IssuedSession, SessionIssuer } from '../sessions/session-issuer.js';

/** A new account. */
export interface RegisterInput {
  readonly application: Application;
  /** In the form in which it is stored. */
  readonly email: string;
  /** Accepted by the password rules. */
  readonly password: string;
  readonly displayName: string | null;
  readonly locale: string | null;
  readonly origin: Origin;
}

/** How a registration ended. */
export type RegisterResult =
  | { readonly outcome: 'registered'; readonly issued: IssuedSession }
  /** The address has to be verified first; whether it is a new one, only its owner learns. */
  | { readonly outcome: 'mailed' }
  | { readonly outcome: 'email-taken' };

// A new user starts under the first epoch.
const FIRST_EPOCH = 1;

/** Makes an account and logs it in, or, where policy demands a verified address, has it verified first. */
@Injectable()
export class Register {
  constructor(
    private readonly accounts: AccountMaker,
    private readonly secondFactors: SecondFactors,
    private readonly issuer: SessionIssuer,
    private readonly links: MailedLinks,
    private readonly database: Database,
  ) {}

  /** @throws HashingBusy when the pool's queue is full */
  async run({ application, origin, ...person }: RegisterInput): Promise<RegisterResult> {
    const mustVerify = application.policy.requireVerifiedEmail;
    const account = await this.accounts.prepare({
      ...person,
      applicationId: application.id,
      role: 'user',
      mustVerify,
    });
    return mustVerify ? this.#verifiedFirst(account, origin) : this.#atOnce(application, account, origin);
  }

  // The same is done for an address that has an account, up to what the mail says. Where that account is not verified,
  // this registration waits beside it.
  async #verifiedFirst(account: PreparedAccount, origin: Origin): Promise<RegisterResult> {
    const { allowed } = await this.links.allow(account.applicationId, account.email);
    await this.database.transaction(async (tx) => {
      const made = await this.accounts.write(tx, account, origin);
      const mail = made ? verificationOf(account) : repeated(account);
      if (allowed) await this.links.request(tx, mail);
      else await this.links.pretend(tx, mail);
    });
    return { outcome: 'mailed' };
  }

  async #atOnce(application: Application, account: PreparedAccount, origin: Origin): Promise<RegisterResult> {
    const result = await this.database.transaction(async (tx): Promise<RegisterResult> => {
      if (!(await this.accounts.write(tx, account, origin))) return { outcome: 'email-taken' };
      await this.links.request(tx, verificationOf(account));
      return { outcome: 'registered', issued: await this.#logIn(tx, application, account, origin) };
    });
    // It counts, but nobody could have asked for it before there was an account.
    if (result.outcome === 'registered') await this.links.allow(application.id, account.email);
    return result;
  }

  async #logIn(
    tx: Tx,
    application: Application,
    { id: userId, email, locale }: PreparedAccount,
    origin: Origin,
  ): Promise<IssuedSession> {
    const subject = { application, userId, securityEpoch: FIRST_EPOCH, account: email, locale };
    const step = await this.secondFactors.begin(tx, {
      purpose: 'login',
      subject,
      deviceToken: undefined,
      origin,
    });
    const issued = step.required ? undefined : await this.issuer.issue(tx, step.proof, origin);
    if (issued === undefined) throw new Error('A new account could not be logged in');
    return issued;
  }
}

function verificationOf({ applicationId, email }: PreparedAccount): MailRequest {
  return { applicationId, email, kind: 'verify_email', user: undefined };
}

function repeated({ applicationId, email, passwordHash, displayName, locale }: PreparedAccount): MailRequest {
  const registration = { passwordHash, displayName, locale };
  return { applicationId, email, kind: 'already_registered', user: undefined, registration };
}
