import { Injectable } from '@nestjs/common';
import { type BucketState, Clock, EphemeralStore, mintToken, parseToken } from '@countersign/core';
import { AttemptBudgets } from './attempt-budgets.js';
import { type Challenge, type SentTo, TRIES_PER_CHALLENGE } from './challenge.js';

/** The outcome of claiming an attempt. `budget` is absent where the user's budget is off. */
export type ClaimedAttempt =
  | {
      readonly outcome: 'claimed';
      readonly challenge: Challenge;
      readonly attemptsLeft: number;
      readonly budget: BucketState | undefined;
    }
  /** The token opens no challenge, or not this one. */
  | { readonly outcome: 'unknown' }
  /** Expired, or out of tries. */
  | { readonly outcome: 'closed' }
  /** The user's budget is used up. */
  | { readonly outcome: 'limited'; readonly budget: BucketState };

/** The challenge that a token opens, or why there is none. */
export type FoundChallenge =
  { readonly outcome: 'found'; readonly challenge: Challenge } | { readonly outcome: 'unknown' | 'closed' };

/** Keeps challenges, and claims attempts on them. */
@Injectable()
export class ChallengeStore {
  constructor(
    private readonly store: EphemeralStore,
    private readonly budgets: AttemptBudgets,
    private readonly clock: Clock,
  ) {}

  /**
   * Keeps a new challenge.
   * @returns the temp token that opens it
   */
  async open(challenge: Challenge): Promise<string> {
    const { token, digest } = mintToken('tmp', [challenge.applicationId, challenge.userId]);
    await this.#keep(challenge, digest);
    return token;
  }

  /** Finds the challenge that a temp token opens, without claiming an attempt. */
  async find(tempToken: string, challengeId: string): Promise<FoundChallenge> {
    const token = parseToken('tmp', tempToken);
    if (token === undefined) return { outcome: 'unknown' };
    const key = challengeKey(token.ids[0], challengeId);
    const claim = await this.store.claim(key, token.digest.toString('base64url'), []);
    if (!claim.found || claim.open === 'no') return { outcome: 'unknown' };
    if (claim.open === 'expired') return { outcome: 'closed' };
    return { outcome: 'found', challenge: JSON.parse(claim.value) as Challenge };
  }

  /** Notes where a challenge's code went; its end stays. */
  async noteSent(challenge: Challenge, tempToken: string, sent: SentTo): Promise<Challenge> {
    const token = parseToken('tmp', tempToken);
    const noted = { ...challenge, sent };
    if (token !== undefined) await this.#keep(noted, token.digest);
    return noted;
  }

  async #keep(challenge: Challenge, digest: Buffer): Promise<void> {
    const key = challengeKey(challenge.applicationId, challenge.id);
    const ttlMs = Date.parse(challenge.expiresAt) - this.clock.now().getTime();
    if (ttlMs <= 0) return;
    await this.store.put(key, JSON.stringify(challenge), digest.toString('base64url'), ttlMs);
  }

  /**
   * Claims one attempt on the challenge that a temp token opens, before anything is looked at (security.md, rule 2).
   */
  async claim(tempToken: string, challengeId: string): Promise<ClaimedAttempt> {
    const token = parseToken('tmp', tempToken);
    if (token === undefined) return { outcome: 'unknown' };
    const [applicationId, userId] = token.ids;
    const buckets = this.budgets.ofChallenge(applicationId, userId, challengeId);
    const claim = await this.store.claim(
      challengeKey(applicationId, challengeId),
      token.digest.toString('base64url'),
      buckets,
    );
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
}

function challengeKey(applicationId: string, challengeId: string): string {
  return `challenge:{${applicationId}}:${challengeId}`;
}
