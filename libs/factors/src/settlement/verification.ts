import { Injectable } from '@nestjs/common';
import type { BucketState, FieldError, Origin, Tx } from '@countersign/core';
import type { AttemptsLeft } from '../challenges/attempt-budgets.js';
import type { Challenge, OfferedFactor } from '../challenges/challenge.js';
import type { SecondFactorProof } from '../second-factor-proof.js';
import { Adjudicator } from './adjudicator.js';
import { DevicePicker } from './device-picker.js';
import { Settlement } from './settlement.js';
import type { LoadedFactor } from './settlement.store.js';

/** What is granted in the transaction that spends the answer: a login's session, a step-up's fresh proof. */
export type Grant<T> = (tx: Tx, proof: SecondFactorProof) => Promise<T>;

/** An answer whose attempt is claimed. */
export interface ClaimedAnswer {
  readonly challenge: Challenge;
  readonly factor: OfferedFactor;
  /** What the factor's own schema made of the answer; `undefined` where it does not fit it. */
  readonly answer: unknown;
  /** The identity of the device that made it, where it says so: it picks the factor among the user's of this type. */
  readonly answeredBy?: string | undefined;
  readonly origin: Origin;
  /** The factor, where the request has read it already and nobody else knows the challenge. */
  readonly loaded?: LoadedFactor;
}

/** What became of it. */
export type Ending<T> =
  | { readonly outcome: 'accepted'; readonly granted: T }
  | { readonly outcome: 'rejected'; readonly reason: 'mismatch' | 'stale' }
  /** `dead`: what the challenge stood on has changed. */
  | { readonly outcome: 'dead' | 'closed' | 'locked' };

/** How the verification of a challenge ended. */
export type VerifyChallengeResult<T> =
  | ({ readonly outcome: 'accepted'; readonly granted: T } & AttemptsLeft)
  | ({ readonly outcome: 'rejected'; readonly reason: 'mismatch' | 'stale' } & AttemptsLeft)
  /** No provider takes an answer of this shape; no attempt was claimed. */
  | { readonly outcome: 'malformed'; readonly errors: readonly FieldError[] }
  /** The opening fits another challenge, or none. */
  | { readonly outcome: 'unauthorised' }
  /** What the challenge stood on has changed: password, factors, status. */
  | { readonly outcome: 'dead' }
  | { readonly outcome: 'closed' }
  | { readonly outcome: 'limited'; readonly budget: BucketState }
  | { readonly outcome: 'locked' }
  /** The challenge does not offer the factor. */
  | { readonly outcome: 'no-such-factor' };

// An accepted answer whose factor changed meanwhile (another backup code of the set was spent) is asked about again,
// under the same claim. Only another accepted answer can change it, and the budget has ten of those.
const ROUNDS = 10;

/** The second half of the one road of a verification: load, ask the provider, settle. */
@Injectable()
export class Verification {
  constructor(
    private readonly adjudicator: Adjudicator,
    private readonly settlement: Settlement,
    private readonly picker: DevicePicker,
  ) {}

  /** @param grant runs in the transaction that spends the answer; when it rejects, nothing is spent or granted */
  async run<T>(claimed: ClaimedAnswer, grant: Grant<T>): Promise<Ending<T>> {
    const { challenge, answer, origin } = claimed;
    const { factor, loaded } =
      claimed.loaded === undefined
        ? await this.picker.pick(challenge, claimed.factor, claimed.answeredBy)
        : claimed;
    for (let round = 0; round < ROUNDS; round += 1) {
      const decision = await (loaded === undefined || round > 0
        ? this.adjudicator.decide(challenge, factor, answer)
        : this.adjudicator.weigh(challenge, loaded, factor.type, answer));
      if (decision.kind === 'dead') return { outcome: 'dead' };
      if (decision.kind === 'spent') return { outcome: 'closed' };
      if (decision.kind === 'locked') return { outcome: 'locked' };
      if (decision.kind === 'rejected') {
        return this.settlement.reject(challenge, factor, decision.reason, origin);
      }
      const settle = claimed.loaded === undefined ? 'accept' : 'acceptAlone';
      const settled = await this.settlement[settle](challenge, factor, decision, origin, grant);
      if (settled.outcome === 'settled') return { outcome: 'accepted', granted: settled.granted };
      if (settled.outcome === 'challenge-spent') return { outcome: 'closed' };
      if (settled.outcome === 'token-spent') break;
    }
    return this.settlement.reject(challenge, factor, 'stale', origin);
  }
}
