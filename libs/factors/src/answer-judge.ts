import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import { MessageStore } from '@countersign/delivery';
import { DeliveredCodes } from './codes/delivered-codes.js';
import type { FirstAnswer } from './enrolment/first-answer.js';
import { type CallSite, type ConfirmRuling, ProviderCalls, type Ruling } from './provider-calls.js';
import type { FactorClass } from './registry/factor-class.js';

/** Has an answer judged: by the factor's provider, or against the code that the engine sent. It spends nothing. */
@Injectable()
export class AnswerJudge {
  constructor(
    private readonly calls: ProviderCalls,
    private readonly codes: DeliveredCodes,
    private readonly messages: MessageStore,
    private readonly database: Database,
  ) {}

  /**
   * Decides on the answer that activates a factor.
   * @param site names the enrolment that is answered
   */
  async confirm(
    provider: FactorClass,
    secret: unknown,
    first: FirstAnswer,
    site: CallSite,
  ): Promise<ConfirmRuling> {
    if (first.kind === 'two') return this.calls.confirmInRow(first.provider, secret, first.answers, site);
    return provider.kind === 'answered'
      ? this.calls.confirm(provider, secret, first.answer, site)
      : this.#compare(first.answer, site);
  }

  /**
   * Decides on the answer to a challenge.
   * @param answer what the factor's answer schema made of the answer
   * @param site names the challenge that is answered
   */
  async verify(provider: FactorClass, secret: unknown, answer: unknown, site: CallSite): Promise<Ruling> {
    return provider.kind === 'answered'
      ? this.calls.verify(provider, secret, answer, site)
      : this.#compare(answer, site);
  }

  async #compare(answer: unknown, { application, nonceOf, factorId }: CallSite): Promise<Ruling> {
    const fit = await this.codes.check({ applicationId: application.id, nonceOf, factorId }, answer);
    if (!fit.fits) return { accepted: false, reason: fit.reason };
    // That its code came back is what tells a message to a person from one that was only meant to cost.
    await this.messages.verified(this.database.direct, fit.messageId);
    return { accepted: true, fresh: 'challenge-bound', replacement: undefined };
  }
}
