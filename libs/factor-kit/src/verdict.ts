/**
 * What makes an accepted answer unrepeatable. The provider names it, the engine spends it.
 *
 * - `step`: a counter or time step (RFC 6238 section 5.2); only answers of a later step are accepted afterwards.
 * - `token`: a string that this factor accepts once, ever (a backup code's digest).
 * - `'challenge-bound'`: the answer only fits the challenge it was made for, and dies with it.
 */
export type Freshness = { readonly step: bigint } | { readonly token: string } | 'challenge-bound';

/** A provider's decision on one answer. It is only a decision: the engine counts, spends and records. */
export type Verdict<Secret> =
  | {
      readonly accepted: true;
      readonly fresh: Freshness;
      /** The factor's secret after this answer, where it changed (a sign counter, a used-up code). */
      readonly secret?: Secret;
    }
  | { readonly accepted: false; readonly reason: 'mismatch' | 'stale' }
  /**
   * Right by a clock that is off by so many seconds, ahead where it is positive. Told to the user who enrols the factor;
   * anywhere else it counts as `stale`.
   */
  | { readonly accepted: false; readonly reason: 'clock'; readonly driftSeconds: number };

/** Shorthand for the refusal of an answer that does not fit. */
export const MISMATCH = { accepted: false, reason: 'mismatch' } as const;
