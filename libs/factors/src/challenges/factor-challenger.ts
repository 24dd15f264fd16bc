import { Injectable } from '@nestjs/common';
import type { Origin } from '@countersign/core';
import type { Application } from '@countersign/directory';
import type { AnsweredFactor, DeliveredCodeFactor } from '@countersign/factor-kit';
import { type CodeRequest, CodeSender, type CodeSending } from '../codes/code-sender.js';
import { type ProviderSend, ProviderSends } from '../codes/provider-sends.js';
import { RESEND_AFTER_SECONDS } from '../codes/send-budgets.js';
import { ProviderCalls } from '../provider-calls.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import type { LoadedFactor } from '../settlement/settlement.store.js';
import { type Challenge, originFor, type SentTo } from './challenge.js';
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

/** Challenges a user by one factor: sends a code, or has the provider make what the client needs. */
@Injectable()
export class FactorChallenger {
  constructor(
    private readonly registry: FactorRegistry,
    private readonly calls: ProviderCalls,
    private readonly codes: CodeSender,
    private readonly sends: ProviderSends,
    private readonly challenges: ChallengeStore,
  ) {}

  async run(request: ChallengeSendRequest, factor: LoadedFactor): Promise<ChallengeSending> {
    const registered = this.registry.find(factor.type);
    if (registered === undefined) return { outcome: 'locked' };
    const { provider, options } = registered;
    if (provider.kind === 'delivered') return this.#send(request, factor, provider);
    return options.sendsNothing === true
      ? this.#show(request, factor, provider)
      : this.#showCounted(request, factor, provider);
  }

  async #show(
    { application, challenge }: ChallengeSendRequest,
    factor: LoadedFactor,
    provider: AnsweredFactor,
  ): Promise<Extract<ChallengeSending, { outcome: 'shown' | 'nothing-to-send' }>> {
    const show = await this.calls.challenge(provider, factor.secret, {
      application,
      userId: challenge.userId,
      account: factor.account,
      factorId: factor.id,
      nonceOf: challenge.id,
      offered: challenge.factors.map(({ id }) => id),
    });
    return show === undefined ? { outcome: 'nothing-to-send' } : { outcome: 'shown', show };
  }

  // Unless it says otherwise, a provider may send something by itself here.
  async #showCounted(
    request: ChallengeSendRequest,
    factor: LoadedFactor,
    provider: AnsweredFactor,
  ): Promise<ChallengeSending> {
    const send: ProviderSend = sendOf(request, factor);
    const claim = await this.sends.claim(send);
    if (claim.outcome !== 'claimed') return claim;
    const shown = await this.#show(request, factor, provider);
    if (shown.outcome === 'nothing-to-send') {
      await this.sends.giveBack(send);
      return shown;
    }
    await this.sends.record(send);
    return { outcome: 'shown', show: { ...shown.show, resendAfter: RESEND_AFTER_SECONDS } };
  }

  async #send(
    request: ChallengeSendRequest,
    factor: LoadedFactor,
    provider: DeliveredCodeFactor,
  ): Promise<ChallengeSending> {
    const { challenge, opening } = request;
    const recipient = await this.calls.recipient(provider, factor.secret, factor.id);
    if (recipient === undefined) return { outcome: 'failed' };
    const locale = challenge.asked?.locale ?? factor.locale;
    const sending = await this.codes.run({ ...sendOf(request, factor), locale, recipient });
    if (sending.outcome !== 'sent') return sending;
    const sent = { factorId: factor.id, ...sending.sent };
    return { outcome: 'sent', sent, challenge: await this.challenges.noteSent(challenge, opening, sent) };
  }
}

function sendOf(
  { application, challenge, origin }: ChallengeSendRequest,
  factor: LoadedFactor,
): Omit<CodeRequest, 'recipient' | 'locale'> {
  return {
    application,
    userId: challenge.userId,
    factorId: factor.id,
    factorType: factor.type,
    purpose: challenge.purpose,
    challengeId: challenge.id,
    origin: originFor(challenge, origin),
  };
}
