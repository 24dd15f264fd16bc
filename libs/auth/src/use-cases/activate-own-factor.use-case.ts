import { Injectable } from '@nestjs/common';
import { type ActivateFactorInput, type ActivateFactorResult, SecondFactors } from '@countersign/factors';
import { ChallengeGrants } from '../sessions/challenge-grants.js';
import type { IssuedAccessToken } from '../tokens/access-tokens.js';

/** Activates a factor of the caller's, which counts as the second factor proven now in the caller's session. */
@Injectable()
export class ActivateOwnFactor {
  constructor(
    private readonly secondFactors: SecondFactors,
    private readonly grants: ChallengeGrants,
  ) {}

  /**
   * @returns `granted`: a new access token; absent for what proves no second factor
   * @throws Problem `invalid_token` where the session has ended meanwhile; nothing is activated then
   */
  async run(
    input: ActivateFactorInput & { readonly sessionId: string },
  ): Promise<ActivateFactorResult<IssuedAccessToken | undefined>> {
    return this.secondFactors.activate(input, (tx, proof) => this.grants.proveAgain(tx, proof));
  }
}
