import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Clock, newId, type Origin, type Tx } from '@countersign/core';
import type { Challenge, OfferedFactor } from './challenge.js';
import { ChallengeSender } from './challenge-sender.js';
import { ChallengeStore } from './challenge.store.js';
import type { FactorView } from '../factor.store.js';
import type { FactorsConfig } from '../factors.config.js';
import type { Subject } from '../subject.js';

/** Whose proof is asked for, and what for. */
export interface ChallengeRequest {
  readonly subject: Subject;
  /** The user's active factors, the default one first. */
  readonly factors: readonly FactorView[];
  readonly purpose: 'login' | 'step_up';
  /** The session that steps up. */
  readonly sessionId: string | null;
  readonly origin: Origin;
}

/** A challenge that was opened, and the temp token that opens it. */
export interface OpenedChallenge {
  readonly challenge: Challenge;
  readonly tempToken: string;
  /** Milliseconds. */
  readonly ttlMs: number;
}

/** Opens a challenge over a user's active factors. */
@Injectable()
export class ChallengeOpener {
  constructor(
    private readonly challenges: ChallengeStore,
    private readonly sender: ChallengeSender,
    private readonly clock: Clock,
    @Inject(getConfigToken('factors')) private readonly config: FactorsConfig,
  ) {}

  /** At a login, a user who has nothing but delivered codes is sent one at once. */
  async open(tx: Tx, request: ChallengeRequest): Promise<OpenedChallenge> {
    const { subject, factors, purpose, sessionId, origin } = request;
    const now = this.clock.now();
    const ttlMs = this.config.challengeTtlMs;
    const challenge: Challenge = {
      id: newId(now),
      applicationId: subject.application.id,
      userId: subject.userId,
      securityEpoch: subject.securityEpoch,
      purpose,
      sessionId,
      expiresAt: new Date(now.getTime() + ttlMs).toISOString(),
      factors: factors.map(offered),
    };
    const tempToken = await this.challenges.open(challenge);
    if (purpose !== 'login') return { challenge, tempToken, ttlMs };
    const { application } = subject;
    const sent = await this.sender.sendToOnly(tx, { application, challenge, tempToken, origin });
    return { challenge: sent, tempToken, ttlMs };
  }
}

function offered({ id, type, hint, isDefault }: FactorView): OfferedFactor {
  return { id, type, hint, isDefault };
}
