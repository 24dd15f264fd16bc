import { Injectable } from '@nestjs/common';
import { Clock, newId } from '@countersign/core';
import { ENROLMENT_MS } from '../challenges/attempt-budgets.js';
import type { NewFactor } from '../factor.store.js';
import { ProviderCalls } from '../provider-calls.js';
import { FactorRegistry, type RegisteredFactor } from '../registry/factor-registry.js';
import type { Subject } from '../subject.js';

/** A factor that was made but not written yet, and what its user must see once. */
export interface MadeFactor {
  readonly factor: NewFactor;
  readonly show: Readonly<Record<string, unknown>>;
}

/** Makes new factors by their providers; nothing is written. */
@Injectable()
export class FactorMaker {
  constructor(
    private readonly registry: FactorRegistry,
    private readonly calls: ProviderCalls,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a factor that its user has yet to confirm, within ten minutes.
   * @param input what the provider's own schema made of the request
   * @param begunBy the session or key that may confirm it
   */
  async makePending(
    subject: Subject,
    registered: RegisteredFactor,
    input: unknown,
    label: string | null,
    begunBy: string,
  ): Promise<MadeFactor> {
    const { factor, show } = await this.make(subject, registered, input, label);
    const expiresAt = new Date(this.clock.now().getTime() + ENROLMENT_MS);
    return { factor: { ...factor, pending: { begunBy, expiresAt } }, show };
  }

  /**
   * Makes a factor that is active at once.
   * @param input what the provider's own schema made of the request
   */
  async make(
    subject: Subject,
    { options, provider }: RegisteredFactor,
    input: unknown,
    label: string | null,
  ): Promise<MadeFactor> {
    const id = newId(this.clock);
    const { application, userId, account, securityEpoch } = subject;
    const { secret, hint, show } = await this.calls.enrol(provider, input, {
      application,
      userId,
      account,
      factorId: id,
      nonceOf: id,
    });
    const factor: NewFactor = {
      id,
      applicationId: application.id,
      userId,
      securityEpoch,
      type: options.type,
      label,
      hint,
      secret,
    };
    return { factor, show };
  }

  /** Makes the recovery factors (backup codes) that come with a user's first factor. */
  async makeRecovery(subject: Subject): Promise<MadeFactor[]> {
    const offered = this.registry.allOffered(subject.application.policy);
    return Promise.all(
      offered
        .filter(({ options }) => options.recovery === true)
        .map((registered) => this.make(subject, registered, {}, null)),
    );
  }
}
