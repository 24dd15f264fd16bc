import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type BucketState, Problem } from '@countersign/core';
import type { FactorsConfig } from '@countersign/factors';
import type { FastifyReply } from 'fastify';
import { tellRateLimit } from '../http/rate-limit.headers.js';
import { waitFor } from '../http/waiting.js';

/** The problem of a wrong, stale or replayed answer: the same for all, so that a guesser learns nothing. */
export function rejectedAnswer(attemptsLeft: number): Problem {
  return new Problem('answer_rejected', { members: { attemptsLeft } });
}

/** Tells of the user's budget for answers. */
@Injectable()
export class VerifyBudget {
  constructor(@Inject(getConfigToken('factors')) private readonly config: FactorsConfig) {}

  /** Puts what is left of it into the answer's headers. */
  tell(reply: FastifyReply, budget: BucketState | undefined): void {
    const limit = this.config.verifyLimit;
    if (limit !== 'off' && budget !== undefined) tellRateLimit(reply, 'verify', limit, budget);
  }

  /** The problem of a budget that is used up. */
  usedUp(budget: BucketState): Problem {
    return new Problem('too_many_attempts', waitFor(budget));
  }
}
