import { Injectable } from '@nestjs/common';
import { Clock, Database, type Origin, type Tx } from '@countersign/core';
import { type Challenge, type OfferedFactor, originFor } from '../challenges/challenge.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import { SecondFactorProof } from '../second-factor-proof.js';
import type { Decision } from './adjudicator.js';
import { GroupCommit } from './group-commit.js';
import { type Acceptance, type AcceptanceOutcome, SettlementStore } from './settlement.store.js';
import { verificationEvents } from './verification-events.js';

type Accepted = Extract<Decision, { kind: 'accepted' }>;

/** An acceptance that was made final with what was granted, or why it could not be. */
export type Settled<T> =
  | { readonly outcome: 'settled'; readonly granted: T }
  | { readonly outcome: Exclude<AcceptanceOutcome, 'settled'> };

/** A rejection that was counted. */
export type Rejected = { readonly outcome: 'rejected'; readonly reason: 'mismatch' | 'stale' };

/** Makes decisions final: spends, counts, records, and lets the caller grant in the same transaction. */
@Injectable()
export class Settlement {
  constructor(
    private readonly store: SettlementStore,
    private readonly together: GroupCommit,
    private readonly registry: FactorRegistry,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Spends an accepted answer and grants what it is for, in one transaction.
   *
   * @param grant receives the proof; when it rejects, nothing is spent
   */
  async accept<T>(
    challenge: Challenge,
    offered: OfferedFactor,
    accepted: Accepted,
    origin: Origin,
    grant: (tx: Tx, proof: SecondFactorProof) => Promise<T>,
  ): Promise<Settled<T>> {
    const { factor } = accepted;
    const acceptance = this.#acceptance(challenge, offered, accepted, originFor(challenge, origin));
    try {
      return await this.database.transaction(async (tx) => {
        const outcome = await this.store.accept(tx, acceptance);
        if (outcome !== 'settled') throw new Unsettled(outcome);
        if (factor.othersLocked) await this.store.unlockOthers(tx, challenge, factor.id, origin);
        return { outcome, granted: await grant(tx, this.#proof(challenge, factor)) };
      });
    } catch (error) {
      if (error instanceof Unsettled) return { outcome: error.outcome };
      throw error;
    }
  }

  /**
   * Spends an accepted answer of a challenge that only this request knows, together with those of others where that is
   * enough: a later step is refused or spent as a whole, and nothing else is written with it.
   */
  async acceptAlone<T>(
    challenge: Challenge,
    offered: OfferedFactor,
    accepted: Accepted,
    origin: Origin,
    grant: (tx: Tx, proof: SecondFactorProof) => Promise<T>,
  ): Promise<Settled<T>> {
    const { factor, fresh, replacement } = accepted;
    const byStep = typeof fresh === 'object' && 'step' in fresh && replacement === undefined;
    if (!byStep || factor.othersLocked) return this.accept(challenge, offered, accepted, origin, grant);
    const outcome = await this.together.spend({
      factorId: factor.id,
      secretVersion: factor.secretVersion,
      securityEpoch: challenge.securityEpoch,
      step: fresh.step,
      event: verificationEvents(challenge, offered, originFor(challenge, origin)).verified,
    });
    if (outcome === 'passed-over') return this.accept(challenge, offered, accepted, origin, grant);
    if (outcome !== 'settled') return { outcome };
    return { outcome, granted: await grant(this.database.direct, this.#proof(challenge, factor)) };
  }

  /** Counts a rejected answer: failures in a row, a lock at a hundred, an event. */
  async reject(
    challenge: Challenge,
    factor: OfferedFactor,
    reason: 'mismatch' | 'stale',
    origin: Origin,
  ): Promise<Rejected> {
    const events = verificationEvents(challenge, factor, originFor(challenge, origin));
    await this.store.reject(this.database.direct, {
      factorId: factor.id,
      event: events.failed(reason),
      lockEvent: events.locked,
    });
    return { outcome: 'rejected', reason };
  }

  #acceptance(
    challenge: Challenge,
    offered: OfferedFactor,
    { factor, fresh, replacement }: Accepted,
    origin: Origin,
  ): Acceptance {
    const events = verificationEvents(challenge, offered, origin);
    const recovery = this.registry.isRecovery(factor.type) && replacement !== undefined;
    return {
      factorId: factor.id,
      secretVersion: factor.secretVersion,
      securityEpoch: challenge.securityEpoch,
      challengeId: challenge.id,
      fresh,
      replacement,
      events: [events.verified, ...(recovery ? events.recoveryUsed(replacement.hint) : [])],
    };
  }

  #proof(challenge: Challenge, { id, type }: { id: string; type: string }): SecondFactorProof {
    return SecondFactorProof.make({
      applicationId: challenge.applicationId,
      userId: challenge.userId,
      securityEpoch: challenge.securityEpoch,
      purpose: challenge.purpose,
      sessionId: challenge.sessionId,
      asked: challenge.asked ?? null,
      at: this.clock.now(),
      ground: { kind: 'factor', factorId: id, type, amr: this.registry.find(type)?.options.amr ?? [] },
    });
  }
}

// Leaves the transaction, so that whatever the settling statement had spent already is rolled back.
class Unsettled extends Error {
  constructor(readonly outcome: Exclude<AcceptanceOutcome, 'settled'>) {
    super(outcome);
  }
}
