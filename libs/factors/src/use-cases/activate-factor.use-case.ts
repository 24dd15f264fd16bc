import { Injectable } from '@nestjs/common';
import { type BucketState, EphemeralStore, type FieldError, type Origin, type Tx } from '@countersign/core';
import { AttemptBudgets, type AttemptsLeft } from '../challenges/attempt-budgets.js';
import { Activator } from '../enrolment/activator.js';
import { Confirmer } from '../enrolment/confirmer.js';
import { FactorMaker } from '../enrolment/factor-maker.js';
import type { FactorView } from '../factor.store.js';
import type { Subject } from '../subject.js';

/** The answer that shows that a pending factor works. */
export interface ActivateFactorInput {
  readonly subject: Subject;
  /** UUID. */
  readonly factorId: string;
  /** The session or key that asks: only the one that began the enrolment may end it. */
  readonly begunBy: string;
  readonly answer: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
}

/** How an activation ended. */
export type ActivateFactorResult<T = undefined> =
  | {
      readonly outcome: 'activated';
      readonly factor: FactorView;
      /** Backup codes, with the user's first factor. */
      readonly show: Readonly<Record<string, unknown>>;
      readonly granted: T;
    }
  | ({
      readonly outcome: 'rejected';
      readonly reason: 'mismatch' | 'stale' | 'clock';
      /** How far the clock is off, ahead where it is positive; of the reason `clock` alone. */
      readonly driftSeconds?: number;
    } & AttemptsLeft)
  | { readonly outcome: 'malformed'; readonly errors: readonly FieldError[] }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'over' }
  /** Another factor of the application is the same device. */
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'limited'; readonly budget: BucketState };

/** What is granted in the transaction of an activation, of a factor of this type. */
export type ActivationGrant<T> = (tx: Tx, type: string) => Promise<T>;

/** Activates a pending factor with a right answer; an attempt is claimed before the answer is looked at. */
@Injectable()
export class ActivateFactor {
  constructor(
    private readonly confirmer: Confirmer,
    private readonly store: EphemeralStore,
    private readonly budgets: AttemptBudgets,
    private readonly maker: FactorMaker,
    private readonly activator: Activator,
  ) {}

  async run(input: ActivateFactorInput): Promise<ActivateFactorResult> {
    return this.runWith(input, async () => undefined);
  }

  /** @param grant runs in the transaction that activates; when it rejects, nothing is activated or granted */
  async runWith<T>(input: ActivateFactorInput, grant: ActivationGrant<T>): Promise<ActivateFactorResult<T>> {
    const { subject, factorId, begunBy, origin } = input;
    const owner = { userId: subject.userId, factorId, begunBy };
    const readiness = await this.confirmer.prepare(owner, input.answer);
    if (readiness.kind === 'malformed') return { outcome: 'malformed', errors: readiness.errors };
    if (readiness.kind !== 'ready') return { outcome: readiness.kind };

    const buckets = this.budgets.ofEnrolment(subject.application.id, subject.userId, factorId);
    const attempt = await this.store.take(buckets);
    const [tries, budget] = attempt.states;
    if (!attempt.taken) {
      return attempt.exhausted === 0 || budget === undefined
        ? { outcome: 'over' }
        : { outcome: 'limited', budget };
    }

    const ruling = await this.confirmer.confirm(subject, readiness);
    if (!ruling.accepted) {
      const { accepted: _accepted, ...refusal } = ruling;
      return { outcome: 'rejected', ...refusal, attemptsLeft: tries?.remaining ?? 0, budget };
    }
    const { type } = readiness.pending;
    const { fresh, replacement, hint, identity } = ruling;
    const activated = await this.activator.run({
      subject,
      activation: { factorId, begunBy, fresh, replacement, hint, identity },
      type,
      grant: (tx) => grant(tx, type),
      recovery: readiness.pending.first ? await this.maker.makeRecovery(subject) : [],
      origin,
    });
    return activated.activated ? { outcome: 'activated', ...activated } : { outcome: activated.why };
  }
}
