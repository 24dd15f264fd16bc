import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Clock, newId } from '@countersign/core';
import type { Challenge, OfferedFactor } from './challenge.js';
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
    private readonly clock: Clock,
    @Inject(getConfigToken('factors')) private readonly config: FactorsConfig,
  ) {}

  async open({ subject, factors, purpose, sessionId }: ChallengeRequest): Promise<OpenedChallenge> {
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
    return { challenge, tempToken: await this.challenges.open(challenge, ttlMs), ttlMs };
  }
}

function offered({ id, type, hint, isDefault }: FactorView): OfferedFactor {
  return { id, type, hint, isDefault };
}
