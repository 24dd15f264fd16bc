import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import type { Challenge } from '../challenges/challenge.js';
import { ChallengeStore } from '../challenges/challenge.store.js';
import { SettlementStore } from '../settlement/settlement.store.js';

/** A challenge as a server sees it. */
export interface ReadChallengeResult {
  readonly challenge: Challenge;
  /** `denied`: it has no tries left. */
  readonly status: 'pending' | 'approved' | 'denied' | 'expired';
  readonly attemptsLeft: number;
}

/** Tells a server what has become of a challenge of its application, until 15 minutes after its end. */
@Injectable()
export class ReadChallenge {
  constructor(
    private readonly challenges: ChallengeStore,
    private readonly settlement: SettlementStore,
    private readonly database: Database,
  ) {}

  /** @returns `undefined` where no server of the application has opened such a challenge, or it is forgotten */
  async run(applicationId: string, challengeId: string): Promise<ReadChallengeResult | undefined> {
    const read = await this.challenges.read(applicationId, challengeId);
    if (read === undefined) return undefined;
    const { challenge, expired } = read;
    const attemptsLeft = await this.challenges.attemptsLeft(challenge);
    // PostgreSQL alone knows what was answered (security.md, rule 7).
    const approved = await this.settlement.isSpent(this.database.direct, challengeId);
    if (approved) return { challenge, status: 'approved', attemptsLeft };
    if (attemptsLeft === 0) return { challenge, status: 'denied', attemptsLeft };
    return { challenge, status: expired ? 'expired' : 'pending', attemptsLeft };
  }
}
