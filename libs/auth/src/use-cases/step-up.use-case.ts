import { Injectable } from '@nestjs/common';
import { type BucketState, Database, type Origin } from '@countersign/core';
import type { Application } from '@countersign/directory';
import { type OpenedChallenge, SecondFactors } from '@countersign/factors';
import { subjectOf } from '../accounts/account.js';
import { AccountStore } from '../accounts/account.store.js';
import { PasswordCheck } from '../passwords/password-check.js';
import { FreshPasswordProof } from '../sessions/fresh-password-proof.js';
import type { SessionOfAccount } from '../sessions/session.js';
import type { IssuedAccessToken } from '../tokens/access-tokens.js';

/** A session that wants to prove itself again. */
export interface StepUpInput {
  readonly application: Application;
  readonly current: SessionOfAccount;
  /** Needed where the account has no active factor. */
  readonly password: string | undefined;
  readonly origin: Origin;
}

/** How a step-up went on. */
export type StepUpResult =
  | ({ readonly outcome: 'challenge' } & OpenedChallenge)
  | { readonly outcome: 'proven'; readonly token: IssuedAccessToken }
  | { readonly outcome: 'password-needed' }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'session-ended' }
  | { readonly outcome: 'limited'; readonly budget: BucketState };

/** Opens a challenge where a factor is active; takes the password again where none is. */
@Injectable()
export class StepUp {
  constructor(
    private readonly secondFactors: SecondFactors,
    private readonly accounts: AccountStore,
    private readonly passwords: PasswordCheck,
    private readonly proof: FreshPasswordProof,
    private readonly database: Database,
  ) {}

  /** @throws HashingBusy when the pool's queue is full */
  async run({ application, current, password, origin }: StepUpInput): Promise<StepUpResult> {
    const { account, session } = current;
    const subject = subjectOf(account, application);
    const tx = this.database.direct;
    const step = await this.secondFactors.begin(tx, {
      purpose: 'step_up',
      subject,
      sessionId: session.id,
      origin,
    });
    if (step.required) return { outcome: 'challenge', ...step };
    if (password === undefined) return { outcome: 'password-needed' };
    const checked = await this.passwords.run({
      applicationId: account.applicationId,
      email: account.email,
      account: await this.accounts.byId(tx, account.id),
      password,
      deviceToken: undefined,
      origin,
    });
    if (checked.outcome === 'limited') return checked;
    if (checked.outcome === 'wrong') return { outcome: 'refused' };
    const token = await this.proof.note(tx, current, origin);
    return token === undefined ? { outcome: 'session-ended' } : { outcome: 'proven', token };
  }
}
