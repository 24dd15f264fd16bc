import { Injectable } from '@nestjs/common';
import type { Tx } from '@countersign/core';
import { ActivationProofs } from './enrolment/activation-proofs.js';
import {
  ActivateFactor,
  type ActivateFactorInput,
  type ActivateFactorResult,
} from './use-cases/activate-factor.use-case.js';
import {
  BeginSecondStep,
  type SecondStep,
  type SecondStepRequest,
} from './use-cases/begin-second-step.use-case.js';
import type { Grant, VerifyChallengeResult } from './settlement/verification.js';
import { VerifyChallenge, type VerifyChallengeInput } from './use-cases/verify-challenge.use-case.js';

/**
 * All that `auth` knows of second factors: is one required, open a challenge, verify it with a grant, activate one with a
 * grant. Every way to sign in goes through here (security.md, rule 4).
 */
@Injectable()
export class SecondFactors {
  constructor(
    private readonly beginSecondStep: BeginSecondStep,
    private readonly verifyChallenge: VerifyChallenge,
    private readonly activateFactor: ActivateFactor,
    private readonly activationProofs: ActivationProofs,
  ) {}

  /** Whether the person who passed the first step needs a second one; if so, its challenge is open. */
  async begin(tx: Tx, request: SecondStepRequest): Promise<SecondStep> {
    return this.beginSecondStep.run(tx, request);
  }

  /** Verifies an answer; what it is for is granted in the transaction that spends it. */
  async verify<T>(input: VerifyChallengeInput, grant: Grant<T>): Promise<VerifyChallengeResult<T>> {
    return this.verifyChallenge.run(input, grant);
  }

  /**
   * Activates a factor in a session of its user; what the answer proves is granted in the transaction that spends it.
   * @returns `granted: undefined` where it proves no second factor
   */
  async activate<T>(
    input: ActivateFactorInput & { readonly sessionId: string },
    grant: Grant<T>,
  ): Promise<ActivateFactorResult<T | undefined>> {
    const { subject, factorId, sessionId } = input;
    return this.activateFactor.runWith(input, async (tx, type) => {
      const { userId, application } = subject;
      const proof = await this.activationProofs.of(tx, {
        applicationId: application.id,
        userId,
        factorId,
        type,
        sessionId,
      });
      return proof && grant(tx, proof);
    });
  }
}
