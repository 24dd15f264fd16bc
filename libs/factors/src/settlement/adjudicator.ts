import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import { Applications } from '@countersign/directory';
import type { Freshness } from '@countersign/factor-kit';
import type { Challenge, OfferedFactor } from '../challenges/challenge.js';
import { AnswerJudge } from '../answer-judge.js';
import type { SecretWithHint } from '../provider-results.js';
import { FactorRegistry, type RegisteredFactor } from '../registry/factor-registry.js';
import { type LoadedFactor, SettlementStore } from './settlement.store.js';

/** What is to become of one answer. */
export type Decision =
  /** What the challenge stood on has changed: password, factors, status. */
  | { readonly kind: 'dead' }
  | { readonly kind: 'spent' }
  | { readonly kind: 'locked' }
  | { readonly kind: 'rejected'; readonly reason: 'mismatch' | 'stale' }
  | {
      readonly kind: 'accepted';
      readonly factor: LoadedFactor;
      readonly fresh: Freshness;
      readonly replacement: SecretWithHint | undefined;
    };

/** Loads a factor, asks its provider, and holds the verdict against what is known: it decides, it changes nothing. */
@Injectable()
export class Adjudicator {
  constructor(
    private readonly registry: FactorRegistry,
    private readonly judge: AnswerJudge,
    private readonly settlement: SettlementStore,
    private readonly applications: Applications,
    private readonly database: Database,
  ) {}

  /** @param answer what the factor's own schema made of the answer; `undefined` where it does not fit it */
  async decide(challenge: Challenge, { id, type }: OfferedFactor, answer: unknown): Promise<Decision> {
    const factor = await this.settlement.load(this.database.direct, challenge.userId, id, challenge.id);
    return this.weigh(challenge, factor, type, answer);
  }

  /** The same of a factor that was loaded already. */
  async weigh(
    challenge: Challenge,
    factor: LoadedFactor | undefined,
    type: string,
    answer: unknown,
  ): Promise<Decision> {
    if (factor === undefined || factor.userStatus !== 'active') return { kind: 'dead' };
    if (factor.securityEpoch !== challenge.securityEpoch) return { kind: 'dead' };
    if (factor.challengeSpent) return { kind: 'spent' };
    if (factor.locked) return { kind: 'locked' };
    const registered = this.registry.find(type);
    if (registered === undefined) return { kind: 'locked' };
    if (answer === undefined) return { kind: 'rejected', reason: 'mismatch' };
    return this.#ask(challenge, factor, registered, answer);
  }

  async #ask(
    challenge: Challenge,
    factor: LoadedFactor,
    { provider }: RegisteredFactor,
    answer: unknown,
  ): Promise<Decision> {
    const application = await this.applications.byId(challenge.applicationId);
    if (application === undefined) return { kind: 'dead' };
    const ruling = await this.judge.verify(provider, factor.secret, answer, {
      application,
      userId: challenge.userId,
      account: factor.account,
      factorId: factor.id,
      nonceOf: challenge.id,
    });
    if (!ruling.accepted) return { kind: 'rejected', reason: ruling.reason };
    const { fresh, replacement } = ruling;
    if (typeof fresh === 'object' && 'step' in fresh && isSpent(fresh.step, factor.watermark)) {
      return { kind: 'rejected', reason: 'stale' };
    }
    return { kind: 'accepted', factor, fresh, replacement };
  }
}

// RFC 6238 section 5.2: a step that was accepted once is never accepted again, nor is any before it.
function isSpent(step: bigint, watermark: bigint | undefined): boolean {
  return watermark !== undefined && step <= watermark;
}
