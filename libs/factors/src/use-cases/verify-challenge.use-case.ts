import { Injectable } from '@nestjs/common';
import type { FieldError, Origin } from '@countersign/core';
import { AnswerReader } from '../challenges/answer-reader.js';
import type { Challenge, OfferedFactor } from '../challenges/challenge.js';
import { ChallengeStore } from '../challenges/challenge.store.js';
import type { Opening } from '../challenges/opening.js';
import { type Grant, Verification, type VerifyChallengeResult } from '../settlement/verification.js';

/** An answer to a challenge, and what opens it. */
export interface VerifyChallengeInput {
  readonly opening: Opening;
  /** UUIDs. */
  readonly challengeId: string;
  readonly factorId: string | undefined;
  /** `{ code }` or `{ credential }`, as it came. */
  readonly answer: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
}

/**
 * The one road of a verification: parse, claim, load, ask the provider, settle. A claimed attempt stays claimed
 * whatever happens after (security.md, rule 2).
 */
@Injectable()
export class VerifyChallenge {
  constructor(
    private readonly answers: AnswerReader,
    private readonly challenges: ChallengeStore,
    private readonly verification: Verification,
  ) {}

  /** @param grant runs in the transaction that spends the answer; when it rejects, nothing is spent or granted */
  async run<T>(input: VerifyChallengeInput, grant: Grant<T>): Promise<VerifyChallengeResult<T>> {
    const read = await this.answers.read(input.answer);
    if (!read.readable) return this.#malformed(input, read.faults);

    const claim = await this.challenges.claim(input.opening, input.challengeId);
    if (claim.outcome === 'unknown') return { outcome: 'unauthorised' };
    if (claim.outcome !== 'claimed') return claim;

    const factor = this.#choose(claim.challenge, input.factorId, read.byType);
    if (factor === undefined) return { outcome: 'no-such-factor' };
    const { attemptsLeft, budget } = claim;
    const answer = read.byType.get(factor.type);
    const answeredBy = this.answers.answeredBy(factor.type, read.byType);
    const ending = await this.verification.run(
      { ...claim, factor, answer, answeredBy, origin: input.origin },
      grant,
    );
    return ending.outcome === 'accepted' || ending.outcome === 'rejected'
      ? { ...ending, attemptsLeft, budget }
      : ending;
  }

  // Where every other type is retired, only the recovery factor is left to ask.
  #choose(
    challenge: Challenge,
    factorId: string | undefined,
    byType: ReadonlyMap<string, unknown>,
  ): OfferedFactor | undefined {
    const chosen = this.answers.choose(challenge, factorId, byType);
    return chosen ?? (factorId === undefined ? challenge.factors[0] : undefined);
  }

  // Names the factor that was asked, to those who may see the challenge. No attempt is claimed.
  async #malformed(
    { opening, challengeId, factorId }: VerifyChallengeInput,
    faults: ReadonlyMap<string, readonly FieldError[]>,
  ): Promise<VerifyChallengeResult<never>> {
    const found = await this.challenges.find(opening, challengeId);
    if (found.outcome === 'unknown') return { outcome: 'unauthorised' };
    if (found.outcome === 'closed') return found;
    const factor = this.#choose(found.challenge, factorId, new Map());
    return factor === undefined
      ? { outcome: 'no-such-factor' }
      : { outcome: 'malformed', errors: faults.get(factor.type) ?? [] };
  }
}
