import { Injectable } from '@nestjs/common';
import { SecondFactors, type VerifyChallengeInput, type VerifyChallengeResult } from '@countersign/factors';
import { ChallengeGrants, type Granted, type GrantRequest } from '../sessions/challenge-grants.js';

/** Answers a login's or step-up's challenge; tokens are granted in the transaction that spends the answer. */
@Injectable()
export class AnswerChallenge {
  constructor(
    private readonly secondFactors: SecondFactors,
    private readonly grants: ChallengeGrants,
  ) {}

  async run(input: VerifyChallengeInput & GrantRequest): Promise<VerifyChallengeResult<Granted>> {
    return this.secondFactors.verify(input, (tx, proof) => this.grants.grant(tx, proof, input));
  }
}
