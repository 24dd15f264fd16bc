import { Injectable } from '@nestjs/common';
import { Problem, type Tx } from '@countersign/core';
import { FactorRegistry } from '../registry/factor-registry.js';
import { SettlementStore } from '../settlement/settlement.store.js';
import type { Challenge, OfferedFactor } from './challenge.js';
import { type ChallengeSending, type ChallengeSendRequest, FactorChallenger } from './factor-challenger.js';

/** Brings a challenge to its user: sends a code, or has the provider make what the client needs. */
@Injectable()
export class ChallengeSender {
  constructor(
    private readonly settlement: SettlementStore,
    private readonly registry: FactorRegistry,
    private readonly challenger: FactorChallenger,
  ) {}

  /** Challenges the user by one of the factors that the challenge offers. */
  async run(tx: Tx, request: ChallengeSendRequest, offered: OfferedFactor): Promise<ChallengeSending> {
    const { challenge } = request;
    const factor = await this.settlement.load(tx, challenge.userId, offered.id, challenge.id);
    if (factor === undefined || factor.userStatus !== 'active') return { outcome: 'dead' };
    if (factor.securityEpoch !== challenge.securityEpoch) return { outcome: 'dead' };
    if (factor.challengeSpent) return { outcome: 'closed' };
    if (factor.locked) return { outcome: 'locked' };
    return this.challenger.run(request, factor);
  }

  /**
   * Sends at once where the user's only factor, recovery aside, is one that sends codes (api.md, "Challenges").
   * @returns the challenge, with `sent` where a code went out; a send that fails is left to the user
   */
  async sendToOnly(tx: Tx, request: ChallengeSendRequest): Promise<Challenge> {
    const { challenge } = request;
    const [only, ...more] = challenge.factors.filter(({ type }) => !this.registry.isRecovery(type));
    if (only === undefined || more.length > 0) return challenge;
    if (this.registry.find(only.type)?.provider.kind !== 'delivered') return challenge;
    try {
      const sending = await this.run(tx, request, only);
      return sending.outcome === 'sent' ? sending.challenge : challenge;
    } catch (error) {
      // A factor that cannot be used must not take the backup codes with it.
      if (error instanceof Problem) return challenge;
      throw error;
    }
  }
}
