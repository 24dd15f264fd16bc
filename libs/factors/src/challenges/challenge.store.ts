import { Injectable } from '@nestjs/common';
import { type BucketState, Clock, EphemeralStore } from '@countersign/core';
import { AttemptBudgets, type AttemptsLeft } from './attempt-budgets.js';
import { type Challenge, type SentTo, TRIES_PER_CHALLENGE } from './challenge.js';
import type { Opening } from './opening.js';

/** The outcome of claiming an attempt. `budget` is absent where the user's budget is off. */
export type ClaimedAttempt =
  | {
      readonly outcome: 'claimed';
      readonly challenge: Challenge;
      readonly attemptsLeft: number;
      readonly budget: BucketState | undefined;
    }
  /** The opening fits no challenge, or not this one. */
  | { readonly outcome: 'unknown' }
  /** Expired, or out of tries. */
  | { readonly outcome: 'closed' }
  /** The user's budget is used up. */
  | { readonly outcome: 'limited'; readonly budget: BucketState };

/** The outcome of claiming an attempt without a challenge. */
export type DirectClaim =
  | ({ readonly outcome: 'claimed' } & AttemptsLeft)
  | { readonly outcome: 'limited'; readonly budget: BucketState };

/** The challenge that an opening fits, or why there is none. */
export type FoundChallenge =
  | { readonly outcome: 'found'; readonly challenge: Challenge }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'closed' };

/** Keeps challenges, and claims attempts on them. */
@Injectable()
export class ChallengeStore {
  constructor(
    private readonly store: EphemeralStore,
    private readonly budgets: AttemptBudgets,
    private readonly clock: Clock,
  ) {}

  /** Keeps a challenge until its end, and readable for 15 minutes more. */
  async keep(challenge: Challenge, { guard }: Opening): Promise<void> {
    const key = challengeKey(challenge.applicationId, challenge.id);
    const ttlMs = Date.parse(challenge.expiresAt) - this.clock.now().getTime();
    if (ttlMs > 0) await this.store.put(key, JSON.stringify(challenge), guard, ttlMs);
  }

  /** Notes where a challenge's code went; its end stays. */
  async noteSent(challenge: Challenge, opening: Opening, sent: SentTo): Promise<Challenge> {
    const noted = { ...challenge, sent };
    await this.keep(noted, opening);
    return noted;
  }

  /** Finds the challenge that an opening fits, without claiming an attempt. */
  async find({ applicationId, guard }: Opening, challengeId: string): Promise<FoundChallenge> {
    const claim = await this.store.claim(challengeKey(applicationId, challengeId), guard, []);
    if (!claim.found || claim.open === 'no') return { outcome: 'unknown' };
    if (claim.open === 'expired') return { outcome: 'closed' };
    return { outcome: 'found', challenge: JSON.parse(claim.value) as Challenge };
  }

  /** Reads a challenge that a server of the application opened, until 15 minutes after its end. */
  async read(
    applicationId: string,
    challengeId: string,
  ): Promise<{ readonly challenge: Challenge; readonly expired: boolean } | undefined> {
    const record = await this.store.get(challengeKey(applicationId, challengeId));
    const challenge = record && (JSON.parse(record.value) as Challenge);
    return record && challenge?.asked !== undefined ? { challenge, expired: record.expired } : undefined;
  }

  /** Tries that a challenge has left. */
  async attemptsLeft({ applicationId, userId, id }: Challenge): Promise<number> {
    const [tries] = this.budgets.ofChallenge(applicationId, userId, id);
    const [state] = tries === undefined ? [] : await this.store.peek([tries]);
    return state?.remaining ?? TRIES_PER_CHALLENGE;
  }

  /** Claims one attempt on the challenge that an opening fits, before anything is looked at (security.md, rule 2). */
  async claim({ applicationId, userId, guard }: Opening, challengeId: string): Promise<ClaimedAttempt> {
    const buckets = this.budgets.ofChallenge(applicationId, userId, challengeId);
    const claim = await this.store.claim(challengeKey(applicationId, challengeId), guard, buckets);
    if (!claim.found || claim.open === 'no') return { outcome: 'unknown' };
    if (claim.open === 'expired') return { outcome: 'closed' };
    const [tries, budget] = claim.claim.states;
    if (!claim.claim.taken) {
      return claim.claim.exhausted === 0 || budget === undefined
        ? { outcome: 'closed' }
        : { outcome: 'limited', budget };
    }
    return {
      outcome: 'claimed',
      challenge: JSON.parse(claim.value) as Challenge,
      attemptsLeft: tries?.remaining ?? TRIES_PER_CHALLENGE,
      budget,
    };
  }

  /** Claims an attempt of a user whose answer comes without a challenge. */
  async claimWithoutOne(applicationId: string, userId: string): Promise<DirectClaim> {
    const taken = await this.store.take(this.budgets.ofUser(applicationId, userId));
    const [budget] = taken.states;
    if (!taken.taken && budget !== undefined) return { outcome: 'limited', budget };
    return { outcome: 'claimed', attemptsLeft: budget?.remaining ?? TRIES_PER_CHALLENGE, budget };
  }
}

function challengeKey(applicationId: string, challengeId: string): string {
  return `challenge:{${applicationId}}:${challengeId}`;
}
