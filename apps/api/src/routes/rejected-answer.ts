import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type BucketState, Problem } from '@countersign/core';
import type { ActivateFactorResult, FactorsConfig, VerifyChallengeResult } from '@countersign/factors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { tellRateLimit } from '../http/rate-limit.headers.js';
import { validationFailed } from '../http/validation.js';
import { waitFor, waitForLimit } from '../http/waiting.js';

/**
 * The problem of a wrong, stale or replayed answer: the same for all, so that a guesser learns nothing. Only a server,
 * which has the user before it, is told the reason.
 */
export function rejectedAnswer(
  { credential }: Pick<FastifyRequest, 'credential'>,
  { attemptsLeft, reason }: { readonly attemptsLeft: number; readonly reason: 'mismatch' | 'stale' },
): Problem {
  return new Problem('answer_rejected', {
    members: credential?.kind === 'key' ? { attemptsLeft, reason } : { attemptsLeft },
  });
}

/** How far off a clock can be for two codes to activate a factor all the same, in seconds. */
const CURABLE_SECONDS = 60 * 60;

/**
 * The problem of an answer that activates nothing. That a clock is off is told to users too: they enrol the factor
 * themselves, and nobody guesses at a secret that was made just now.
 */
export function rejectedActivation(
  request: Pick<FastifyRequest, 'credential'>,
  rejected: Extract<ActivateFactorResult, { outcome: 'rejected' }>,
): Problem {
  const { attemptsLeft, reason, driftSeconds = 0 } = rejected;
  if (reason !== 'clock') return rejectedAnswer(request, { attemptsLeft, reason });
  const off = `The code is of another time: the device's clock is ${inWords(driftSeconds)}`;
  return new Problem('answer_rejected', {
    detail:
      Math.abs(driftSeconds) > CURABLE_SECONDS
        ? `${off}. Set the clock and try again.`
        : `${off}. Set the clock and try again, or send two codes that follow each other as \`codes\`.`,
    members: { attemptsLeft, reason, driftSeconds },
  });
}

function inWords(driftSeconds: number): string {
  const seconds = Math.abs(driftSeconds);
  const amount = seconds < 120 ? `${seconds} seconds` : `about ${Math.round(seconds / 60)} minutes`;
  return `${amount} ${driftSeconds > 0 ? 'ahead' : 'behind'}`;
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

  /**
   * What an accepted answer has granted; every other ending of a verification is a problem (api.md, "Challenges").
   * A server is told more than a user: it named the challenge, and so cannot mistake it for another.
   */
  accepted<T>(result: VerifyChallengeResult<T>, request: FastifyRequest, reply: FastifyReply): T {
    if ('budget' in result) this.tell(reply, result.budget);
    const bySomeToken = request.credential?.kind === 'temp';
    switch (result.outcome) {
      case 'accepted':
        return result.granted;
      case 'rejected':
        throw rejectedAnswer(request, result);
      case 'malformed':
        throw validationFailed(result.errors);
      case 'unauthorised':
        throw new Problem(bySomeToken ? 'invalid_token' : 'not_found');
      case 'dead':
        throw new Problem(bySomeToken ? 'invalid_token' : 'challenge_closed');
      case 'closed':
        throw new Problem('challenge_closed');
      case 'locked':
        throw new Problem('factor_locked');
      case 'no-such-factor':
        throw new Problem('not_found');
      case 'limited':
        throw this.usedUp(result.budget);
    }
  }

  /** The problem of a budget that is used up. */
  usedUp(budget: BucketState): Problem {
    const limit = this.config.verifyLimit;
    const waiting =
      limit === 'off'
        ? waitFor(budget, 'The factor was answered too often.')
        : waitForLimit('verify', limit, budget);
    return new Problem('too_many_attempts', waiting);
  }
}
