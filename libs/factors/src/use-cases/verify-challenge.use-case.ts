import { Injectable } from '@nestjs/common';
import type { BucketState, FieldError, Origin, Tx } from '@countersign/core';
import { AnswerReader } from '../challenges/answer-reader.js';
import type { AttemptsLeft } from '../challenges/attempt-budgets.js';
import type { Challenge, OfferedFactor } from '../challenges/challenge.js';
import { ChallengeStore } from '../challenges/challenge.store.js';
import type { SecondFactorProof } from '../second-factor-proof.js';
import { Adjudicator } from '../settlement/adjudicator.js';
import { Settlement } from '../settlement/settlement.js';

/** An answer to a challenge, and the token that opens it. */
export interface VerifyChallengeInput {
  readonly tempToken: string;
  /** UUIDs. */
  readonly challengeId: string;
  readonly factorId: string | undefined;
  /** `{ code }` or `{ credential }`, as it came. */
  readonly answer: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
}

/** What is granted in the transaction that spends the answer: a login's session, a step-up's fresh proof. */
export type Grant<T> = (tx: Tx, proof: SecondFactorProof) => Promise<T>;

/** How a verification ended. */
export type VerifyChallengeResult<T> =
  | ({ readonly outcome: 'accepted'; readonly granted: T } & AttemptsLeft)
  | ({ readonly outcome: 'rejected'; readonly reason: 'mismatch' | 'stale' } & AttemptsLeft)
  /** No provider takes an answer of this shape; no attempt was claimed. */
  | { readonly outcome: 'malformed'; readonly errors: readonly FieldError[] }
  /** The token is dead, or opens another challenge. */
  | { readonly outcome: 'unauthorised' }
  | { readonly outcome: 'closed' }
  | { readonly outcome: 'limited'; readonly budget: BucketState }
  | { readonly outcome: 'locked' }
  /** The challenge does not offer the factor. */
  | { readonly outcome: 'no-such-factor' };

// An accepted answer whose factor changed meanwhile (another backup code of the set was spent) is asked about again,
// under the same claim. Only another accepted answer can change it, and the budget has ten of those.
const ROUNDS = 10;

/**
 * The one road of a verification: parse, claim, load, ask the provider, settle. A claimed attempt stays claimed
 * whatever happens after (security.md, rule 2).
 */
@Injectable()
export class VerifyChallenge {
  constructor(
    private readonly answers: AnswerReader,
    private readonly challenges: ChallengeStore,
    private readonly adjudicator: Adjudicator,
    private readonly settlement: Settlement,
  ) {}

  /** @param grant runs in the transaction that spends the answer; when it rejects, nothing is spent or granted */
  async run<T>(input: VerifyChallengeInput, grant: Grant<T>): Promise<VerifyChallengeResult<T>> {
    const read = await this.answers.read(input.answer);
    if (!read.readable) return { outcome: 'malformed', errors: read.errors };

    const claim = await this.challenges.claim(input.tempToken, input.challengeId);
    if (claim.outcome === 'unknown') return { outcome: 'unauthorised' };
    if (claim.outcome !== 'claimed') return claim;

    const factor = this.answers.choose(claim.challenge, input.factorId, read.byType);
    if (factor === undefined) return { outcome: 'no-such-factor' };
    const { attemptsLeft, budget } = claim;
    const ending = await this.#decide(
      claim.challenge,
      factor,
      read.byType.get(factor.type),
      input.origin,
      grant,
    );
    return ending.outcome === 'accepted' || ending.outcome === 'rejected'
      ? { ...ending, attemptsLeft, budget }
      : ending;
  }

  async #decide<T>(
    challenge: Challenge,
    factor: OfferedFactor,
    answer: unknown,
    origin: Origin,
    grant: Grant<T>,
  ): Promise<Ending<T>> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const decision = await this.adjudicator.decide(challenge, factor, answer);
      if (decision.kind === 'dead') return { outcome: 'unauthorised' };
      if (decision.kind === 'spent') return { outcome: 'closed' };
      if (decision.kind === 'locked') return { outcome: 'locked' };
      if (decision.kind === 'rejected') {
        return this.settlement.reject(challenge, factor, decision.reason, origin);
      }
      const settled = await this.settlement.accept(challenge, factor, decision, origin, grant);
      if (settled.outcome === 'settled') return { outcome: 'accepted', granted: settled.granted };
      if (settled.outcome === 'challenge-spent') return { outcome: 'closed' };
      if (settled.outcome === 'token-spent') break;
    }
    return this.settlement.reject(challenge, factor, 'stale', origin);
  }
}

type Ending<T> =
  | { readonly outcome: 'accepted'; readonly granted: T }
  | { readonly outcome: 'rejected'; readonly reason: 'mismatch' | 'stale' }
  | { readonly outcome: 'unauthorised' | 'closed' | 'locked' };
