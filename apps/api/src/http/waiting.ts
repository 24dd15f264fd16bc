import type { BucketState, RateLimit } from '@countersign/core';

/** When a limit that is used up lets requests in again. */
export interface Waiting {
  /** Whole seconds, for `Retry-After`. */
  readonly retryAfter: number;
  /** The limit in words, and the time. */
  readonly detail: string;
}

/** What each limit counts, by the name that the `RateLimit` headers give it. */
const COUNTED = {
  login: 'logins to one account from one address, right passwords included',
  login_address: 'logins from one address',
  register: 'registrations from one address',
  default: 'requests of one session, or of one address without one',
  api_key: 'requests with one API key',
  verify: 'answers of one user, right ones included',
} as const;

/** A limit by its name in the `RateLimit` headers. */
export type LimitName = keyof typeof COUNTED;

/** What is said where a limit is used up. */
export function waitForLimit(name: LimitName, limit: RateLimit, state: BucketState): Waiting {
  return waitFor(state, `The limit is ${limit.limit} ${COUNTED[name]}, in ${inWords(limit.windowMs)}.`);
}

/** @param why a sentence */
export function waitFor({ resetMs }: BucketState, why: string): Waiting {
  const retryAfter = Math.max(1, Math.ceil(resetMs / 1_000));
  return {
    retryAfter,
    detail: `${why} Try again in ${retryAfter} ${retryAfter === 1 ? 'second' : 'seconds'}.`,
  };
}

const UNITS = [
  ['day', 24 * 60 * 60_000],
  ['hour', 60 * 60_000],
  ['minute', 60_000],
] as const;

function inWords(ms: number): string {
  const [unit, length] = UNITS.find(([, unitMs]) => ms % unitMs === 0) ?? ['second', 1_000];
  const count = Math.max(1, Math.round(ms / length));
  return count === 1 ? `a${unit === 'hour' ? 'n' : ''} ${unit}` : `${count} ${unit}s`;
}
