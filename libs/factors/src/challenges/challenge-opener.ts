import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Clock, newId, type Origin, type Tx } from '@countersign/core';
import type { Asked, Challenge, OfferedFactor } from './challenge.js';
import { ChallengeSender } from './challenge-sender.js';
import { ChallengeStore } from './challenge.store.js';
import { mintOpening, openedByServer, type Opening } from './opening.js';
import type { FactorView } from '../factor.store.js';
import type { FactorsConfig } from '../factors.config.js';
import type { Subject } from '../subject.js';

/** Whose proof is asked for. */
export interface ProofWanted {
  readonly subject: Subject;
  /** The factors that may be answered, the default one first. */
  readonly factors: readonly FactorView[];
  readonly origin: Origin;
}

/** A proof that a user asked for. */
export interface ChallengeRequest extends ProofWanted {
  readonly purpose: 'login' | 'step_up';
  /** The session that steps up. */
  readonly sessionId: string | null;
  /** Whether a login's session is to travel in cookies. */
  readonly inCookies: boolean;
}

/** A proof that a server asked for. */
export interface ServerChallengeRequest extends ProofWanted {
  readonly asked: Asked;
}

/** A challenge that was opened, and the temp token that opens it. */
export interface OpenedChallenge {
  readonly challenge: Challenge;
  readonly tempToken: string;
  /** What the temp token is, read. */
  readonly opening: Opening;
  /** Milliseconds. */
  readonly ttlMs: number;
}

/** Opens challenges. A user who has nothing but delivered codes is sent one at once, but for a step-up. */
@Injectable()
export class ChallengeOpener {
  constructor(
    private readonly challenges: ChallengeStore,
    private readonly sender: ChallengeSender,
    private readonly clock: Clock,
    @Inject(getConfigToken('factors')) private readonly config: FactorsConfig,
  ) {}

  /** Opens a challenge to a temp token. */
  async open(tx: Tx, request: ChallengeRequest): Promise<OpenedChallenge> {
    const { purpose, sessionId, origin, inCookies } = request;
    const { application } = request.subject;
    const challenge: Challenge = { ...this.#draft(request), purpose, sessionId };
    const { token: tempToken, opening } = mintOpening(challenge, inCookies);
    await this.challenges.keep(challenge, opening);
    const ttlMs = this.config.challengeTtlMs;
    if (purpose !== 'login') return { challenge, tempToken, opening, ttlMs };
    const sent = await this.sender.sendToOnly(tx, { application, challenge, opening, origin });
    return { challenge: sent, tempToken, opening, ttlMs };
  }

  /** Opens a challenge to the servers of the application, who name what they asked for. */
  async openForServer(tx: Tx, request: ServerChallengeRequest): Promise<Challenge> {
    const { asked, origin } = request;
    const { application, userId } = request.subject;
    const challenge = this.draftForServer(request);
    const opening = openedByServer({ applicationId: application.id, userId, ...asked });
    await this.challenges.keep(challenge, opening);
    return this.sender.sendToOnly(tx, { application, challenge, opening, origin });
  }

  /** The same challenge, neither kept nor sent: for what is answered in the same breath. */
  draftForServer(request: ServerChallengeRequest): Challenge {
    return { ...this.#draft(request), purpose: 'action', sessionId: null, asked: request.asked };
  }

  #draft({ subject, factors }: ProofWanted): Omit<Challenge, 'purpose' | 'sessionId' | 'asked'> {
    const now = this.clock.now();
    return {
      id: newId(now),
      applicationId: subject.application.id,
      userId: subject.userId,
      securityEpoch: subject.securityEpoch,
      expiresAt: new Date(now.getTime() + this.config.challengeTtlMs).toISOString(),
      factors: factors.map(offered),
    };
  }
}

function offered({ id, type, hint, isDefault }: FactorView): OfferedFactor {
  return { id, type, hint, isDefault };
}
