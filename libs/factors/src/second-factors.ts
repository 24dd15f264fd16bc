import { Injectable } from '@nestjs/common';
import type { Tx } from '@countersign/core';
import {
  BeginSecondStep,
  type SecondStep,
  type SecondStepRequest,
} from './use-cases/begin-second-step.use-case.js';
import type { Grant, VerifyChallengeResult } from './settlement/verification.js';
import { VerifyChallenge, type VerifyChallengeInput } from './use-cases/verify-challenge.use-case.js';

/**
 * All that `auth` knows of second factors: is one required, open a challenge, verify it with a grant. Every way to
 * sign in goes through here (security.md, rule 4).
 */
@Injectable()
export class SecondFactors {
  constructor(
    private readonly beginSecondStep: BeginSecondStep,
    private readonly verifyChallenge: VerifyChallenge,
  ) {}

  /** Whether the person who passed the first step needs a second one; if so, its challenge is open. */
  async begin(tx: Tx, request: SecondStepRequest): Promise<SecondStep> {
    return this.beginSecondStep.run(tx, request);
  }

  /** Verifies an answer; what it is for is granted in the transaction that spends it. */
  async verify<T>(input: VerifyChallengeInput, grant: Grant<T>): Promise<VerifyChallengeResult<T>> {
    return this.verifyChallenge.run(input, grant);
  }
}
