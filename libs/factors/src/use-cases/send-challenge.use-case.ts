import { Injectable } from '@nestjs/common';
import { Database, type Origin } from '@countersign/core';
import type { Application } from '@countersign/directory';
import { ChallengeSender, type ChallengeSending } from '../challenges/challenge-sender.js';
import { ChallengeStore } from '../challenges/challenge.store.js';

/** Which factor of which challenge, and the token that opens it. */
export interface SendChallengeInput {
  readonly application: Application;
  readonly tempToken: string;
  /** UUIDs. */
  readonly challengeId: string;
  readonly factorId: string;
  readonly origin: Origin;
}

/** How it ended. */
export type SendChallengeResult =
  | ChallengeSending
  /** The challenge does not offer the factor. */
  | { readonly outcome: 'no-such-factor' };

/** Challenges the user by one factor: sends a code, or gives what the client needs for the answer. */
@Injectable()
export class SendChallenge {
  constructor(
    private readonly challenges: ChallengeStore,
    private readonly sender: ChallengeSender,
    private readonly database: Database,
  ) {}

  /** @throws EphemeralStoreUnavailable where nothing can be counted: nothing is sent then */
  async run({ challengeId, factorId, ...request }: SendChallengeInput): Promise<SendChallengeResult> {
    const found = await this.challenges.find(request.tempToken, challengeId);
    if (found.outcome !== 'found') {
      return { outcome: found.outcome === 'closed' ? 'closed' : 'unauthorised' };
    }
    const { challenge } = found;
    const factor = challenge.factors.find(({ id }) => id === factorId);
    if (factor === undefined) return { outcome: 'no-such-factor' };
    return this.sender.run(this.database.direct, { ...request, challenge }, factor);
  }
}
