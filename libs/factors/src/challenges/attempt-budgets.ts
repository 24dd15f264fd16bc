import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import type { Bucket, BucketState } from '@countersign/core';
import type { FactorsConfig } from '../factors.config.js';
import { TRIES_PER_CHALLENGE } from './challenge.js';

/** How long an enrolment may take, in milliseconds, and how many tries it has. */
export const ENROLMENT_MS = 10 * 60_000;
const TRIES_PER_ENROLMENT = 5;
/** So long after its end a challenge can still be read, and with it whether it was denied; and a minute more. */
const TRIES_SHOWN_MS = 16 * 60_000;
/** Two codes among thousands of steps: worth a few tries only. */
const TRIES_PER_RESYNC = 5;

/** The tries of a challenge or enrolment, and the user's budget where it is on, after this answer. */
export interface AttemptsLeft {
  readonly attemptsLeft: number;
  readonly budget: BucketState | undefined;
}

/**
 * The buckets that an attempt is claimed from. All of a user's share the application's cluster slot, so that one
 * atomic step can take from several.
 */
@Injectable()
export class AttemptBudgets {
  constructor(@Inject(getConfigToken('factors')) private readonly config: FactorsConfig) {}

  /** What an answer to a challenge takes from, tries first. */
  ofChallenge(applicationId: string, userId: string, challengeId: string): Bucket[] {
    return [
      {
        key: `tries:{${applicationId}}:${challengeId}`,
        limit: TRIES_PER_CHALLENGE,
        windowMs: this.config.challengeTtlMs + TRIES_SHOWN_MS,
      },
      ...this.ofUser(applicationId, userId),
    ];
  }

  /** What an answer that activates a factor takes from, tries first. */
  ofEnrolment(applicationId: string, userId: string, factorId: string): Bucket[] {
    return [
      { key: `tries:{${applicationId}}:${factorId}`, limit: TRIES_PER_ENROLMENT, windowMs: ENROLMENT_MS },
      ...this.ofUser(applicationId, userId),
    ];
  }

  /** What a resync takes from, tries first. */
  ofResync(applicationId: string, userId: string, factorId: string): Bucket[] {
    return [
      { key: `resync:{${applicationId}}:${factorId}`, limit: TRIES_PER_RESYNC, windowMs: ENROLMENT_MS },
      ...this.ofUser(applicationId, userId),
    ];
  }

  /** What every answer of a user takes from, whatever it is for; nothing where the budget is off. */
  ofUser(applicationId: string, userId: string): Bucket[] {
    const limit = this.config.verifyLimit;
    return limit === 'off' ? [] : [{ key: `verify:{${applicationId}}:${userId}`, ...limit }];
  }
}
