import { Injectable } from '@nestjs/common';
import { type BucketState, Database, EphemeralStore, type FieldError, type Origin } from '@countersign/core';
import { AttemptBudgets, type AttemptsLeft } from '../challenges/attempt-budgets.js';
import { FactorStore, type FactorView } from '../factor.store.js';
import { parseAnswer } from '../registry/answer-parsing.js';
import { Resyncer } from '../settlement/resyncer.js';
import type { Subject } from '../subject.js';

/** Two codes that the factor showed, one after the other. */
export interface ResyncFactorInput {
  readonly subject: Subject;
  /** UUID. */
  readonly factorId: string;
  readonly codes: readonly [string, string];
  readonly origin: Origin;
}

/** How a resync ended. */
export type ResyncFactorResult =
  | ({ readonly outcome: 'resynced'; readonly factor: FactorView } & AttemptsLeft)
  | ({ readonly outcome: 'rejected'; readonly reason: 'mismatch' | 'stale' } & AttemptsLeft)
  | { readonly outcome: 'malformed'; readonly errors: readonly FieldError[] }
  | { readonly outcome: 'unknown' }
  /** Its type has no clock or counter that could be off. */
  | { readonly outcome: 'not-possible' }
  | { readonly outcome: 'limited'; readonly budget: BucketState }
  | { readonly outcome: 'locked' }
  | { readonly outcome: 'user-changed' };

/** Finds a device again whose clock has drifted out of reach; an attempt is claimed before the codes are looked at. */
@Injectable()
export class ResyncFactor {
  constructor(
    private readonly factors: FactorStore,
    private readonly budgets: AttemptBudgets,
    private readonly store: EphemeralStore,
    private readonly resyncer: Resyncer,
    private readonly database: Database,
  ) {}

  async run({ subject, factorId, codes, origin }: ResyncFactorInput): Promise<ResyncFactorResult> {
    const factor = await this.factors.find(this.database.direct, subject.userId, factorId);
    if (factor === undefined) return { outcome: 'unknown' };
    const provider = this.resyncer.provider(factor.type);
    if (factor.status !== 'active' || provider === undefined) return { outcome: 'not-possible' };
    const [first, second] = await Promise.all(codes.map((code) => parseAnswer(provider, { code })));
    if (first?.accepted !== true || second?.accepted !== true) {
      return {
        outcome: 'malformed',
        errors: [{ path: 'codes', message: 'must be two codes of this factor' }],
      };
    }

    const attempt = await this.store.take(
      this.budgets.ofResync(subject.application.id, subject.userId, factorId),
    );
    const [tries, budget] = attempt.states;
    const attemptsLeft = tries?.remaining ?? 0;
    if (!attempt.taken) {
      const spent = attempt.states[attempt.exhausted] ?? { remaining: 0, resetMs: 0 };
      return { outcome: 'limited', budget: spent };
    }
    const answers = [first.value, second.value] as const;
    const resynced = await this.resyncer.run({ subject, factor, provider, answers, origin });
    switch (resynced.outcome) {
      case 'resynced':
        return { outcome: 'resynced', factor, attemptsLeft, budget };
      case 'rejected':
        return { ...resynced, attemptsLeft, budget };
      case 'locked':
      case 'user-changed':
        return resynced;
    }
  }
}
