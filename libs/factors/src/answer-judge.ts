import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import { MessageStore } from '@countersign/delivery';
import { DeliveredCodes } from './codes/delivered-codes.js';
import { type CallSite, ProviderCalls, type Ruling } from './provider-calls.js';
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
   * @param answer what the factor's answer schema made of the answer
   * @param site names the challenge, or the enrolment, that is answered
   */
  async judge(
    provider: FactorClass,
    method: 'confirm' | 'verify',
    secret: unknown,
    answer: unknown,
    site: CallSite,
  ): Promise<Ruling> {
    return provider.kind === 'answered'
      ? this.calls[method](provider, secret, answer, site)
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
