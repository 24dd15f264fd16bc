import { Injectable } from '@nestjs/common';
import { type BucketState, type FieldError, type Origin } from '@countersign/core';
import type { Application, KnownUser } from '@countersign/directory';
import type { AttemptsLeft } from '../challenges/attempt-budgets.js';
import { ChallengeStore } from '../challenges/challenge.store.js';
import type { Approval } from '../server/approvals.js';
import { DirectChoice, type DirectlyChosen, type NamedFactor } from '../server/direct-choice.js';
import { DirectVerification } from '../server/direct-verification.js';
import { UserFactorsStore } from '../settlement/user-factors.store.js';

/** An answer that a server brings in one call. */
export interface VerifyUserInput extends NamedFactor {
  readonly application: Application;
  /** The application's own id for the user. */
  readonly externalId: string;
  readonly action: string | null;
  readonly detailsHash: string | null;
  readonly answer: Readonly<Record<string, unknown>>;
  /** Throws where the caller may not act on this user. */
  readonly permit: (user: KnownUser) => void;
  readonly origin: Origin;
}

/** How it ended. */
export type VerifyUserResult =
  | ({ readonly outcome: 'accepted'; readonly granted: Approval } & AttemptsLeft)
  | ({ readonly outcome: 'rejected'; readonly reason: 'mismatch' | 'stale' } & AttemptsLeft)
  | { readonly outcome: 'malformed'; readonly errors: readonly FieldError[] }
  | { readonly outcome: 'limited'; readonly budget: BucketState }
  | { readonly outcome: 'locked' }
  /** The user was changed between the reading and the spending: nothing was accepted. */
  | { readonly outcome: 'dead' }
  | Exclude<DirectlyChosen, { outcome: 'chosen' }>;

/**
 * Verifies an answer without a challenge, for factors that need nothing sent: one SELECT, one claim, one statement that
 * commits. The tries are the user's budget.
 */
@Injectable()
export class VerifyUser {
  constructor(
    private readonly users: UserFactorsStore,
    private readonly choice: DirectChoice,
    private readonly challenges: ChallengeStore,
    private readonly verification: DirectVerification,
  ) {}

  /** @throws EphemeralStoreUnavailable where nothing can be counted: nothing is accepted then */
  async run(input: VerifyUserInput): Promise<VerifyUserResult> {
    const { application, externalId, answer, permit, ...asked } = input;
    const read = await this.choice.read(answer);
    const held = await this.users.load(application.id, externalId);
    if (held === undefined) return { outcome: 'not-enrolled' };
    permit(held.user);
    const chosen = this.choice.choose(held.factors, input, read.readable ? read.byType : new Map());
    if (chosen.outcome !== 'chosen') return chosen;
    if (!read.readable) return { outcome: 'malformed', errors: read.faults.get(chosen.factor.type) ?? [] };
    const claim = await this.challenges.claimWithoutOne(application.id, held.user.id);
    if (claim.outcome === 'limited') return claim;
    const { factor } = chosen;
    const ending = await this.verification.run({
      ...asked,
      application,
      held,
      factor,
      answer: read.byType.get(factor.type),
    });
    switch (ending.outcome) {
      case 'accepted':
      case 'rejected':
        return { ...ending, attemptsLeft: claim.attemptsLeft, budget: claim.budget };
      case 'locked':
        return { outcome: 'locked' };
      case 'dead':
      case 'closed':
        return { outcome: 'dead' };
    }
  }
}
