import { Injectable } from '@nestjs/common';
import { type Origin, Problem, type Tx } from '@countersign/core';
import type { Application } from '@countersign/directory';
import { CodeSender, type CodeSending } from '../codes/code-sender.js';
import { ProviderCalls } from '../provider-calls.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import { type LoadedFactor, SettlementStore } from '../settlement/settlement.store.js';
import { type Challenge, type OfferedFactor, originFor, type SentTo } from './challenge.js';
import { ChallengeStore } from './challenge.store.js';
import type { Opening } from './opening.js';

/** An open challenge, and where the request for a send came from. */
export interface ChallengeSendRequest {
  readonly application: Application;
  readonly challenge: Challenge;
  readonly opening: Opening;
  readonly origin: Origin;
}

/** What became of asking a factor to challenge its user. */
export type ChallengeSending =
  | { readonly outcome: 'sent'; readonly sent: SentTo; readonly challenge: Challenge }
  /** The factor's client needs this to make the answer. */
  | { readonly outcome: 'shown'; readonly show: Readonly<Record<string, unknown>> }
  /** The factor needs neither. */
  | { readonly outcome: 'nothing-to-send' }
  /** What the challenge stood on has changed: password, factors, status. */
  | { readonly outcome: 'dead' }
  | { readonly outcome: 'closed' | 'locked' }
  | Exclude<CodeSending, { outcome: 'sent' }>;

/** Brings a challenge to its user: sends a code, or has the provider make what the client needs. */
@Injectable()
export class ChallengeSender {
  constructor(
    private readonly settlement: SettlementStore,
    private readonly registry: FactorRegistry,
    private readonly calls: ProviderCalls,
    private readonly codes: CodeSender,
    private readonly challenges: ChallengeStore,
  ) {}

  /** Challenges the user by one of the factors that the challenge offers. */
  async run(tx: Tx, request: ChallengeSendRequest, offered: OfferedFactor): Promise<ChallengeSending> {
    const { challenge } = request;
    const factor = await this.settlement.load(tx, challenge.userId, offered.id, challenge.id);
    if (factor === undefined || factor.userStatus !== 'active') return { outcome: 'dead' };
    if (factor.securityEpoch !== challenge.securityEpoch) return { outcome: 'dead' };
    if (factor.challengeSpent) return { outcome: 'closed' };
    if (factor.locked) return { outcome: 'locked' };
    return this.#challenge(request, factor);
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

  async #challenge(request: ChallengeSendRequest, factor: LoadedFactor): Promise<ChallengeSending> {
    const { application, challenge, opening } = request;
    const provider = this.registry.find(factor.type)?.provider;
    if (provider === undefined) return { outcome: 'locked' };
    if (provider.kind === 'answered') {
      const show = await this.calls.challenge(provider, factor.secret, {
        application,
        userId: challenge.userId,
        account: factor.account,
        factorId: factor.id,
        nonceOf: challenge.id,
      });
      return show === undefined ? { outcome: 'nothing-to-send' } : { outcome: 'shown', show };
    }
    const recipient = await this.calls.recipient(provider, factor.secret, factor.id);
    if (recipient === undefined) return { outcome: 'failed' };
    const sending = await this.codes.run({
      application,
      userId: challenge.userId,
      locale: challenge.asked?.locale ?? factor.locale,
      factorId: factor.id,
      factorType: factor.type,
      recipient,
      purpose: challenge.purpose,
      challengeId: challenge.id,
      origin: originFor(challenge, request.origin),
    });
    if (sending.outcome !== 'sent') return sending;
    const sent = { factorId: factor.id, ...sending.sent };
    return { outcome: 'sent', sent, challenge: await this.challenges.noteSent(challenge, opening, sent) };
  }
}
