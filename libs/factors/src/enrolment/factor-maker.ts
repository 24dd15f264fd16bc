import { Injectable } from '@nestjs/common';
import { Clock, type EventDraft, type FieldError, newId, type Origin } from '@countersign/core';
import type { AnsweredFactor, DeliveredCodeFactor, FactorProviderOptions } from '@countersign/factor-kit';
import { ENROLMENT_MS } from '../challenges/attempt-budgets.js';
import { type CodeRequest, CodeSender, type CodeSending, sentEvent } from '../codes/code-sender.js';
import { type ProviderSend, ProviderSends } from '../codes/provider-sends.js';
import type { NewFactor } from '../factor.store.js';
import { type CallSite, ProviderCalls } from '../provider-calls.js';
import type { SecretWithHint } from '../provider-results.js';
import { FactorRegistry, type RegisteredFactor } from '../registry/factor-registry.js';
import type { Subject } from '../subject.js';

/** A factor that was made but not written yet, and what its user must see once. */
export interface MadeFactor {
  readonly factor: NewFactor;
  readonly show: Readonly<Record<string, unknown>>;
  /** Whether its user is known to have it already, so that it needs no confirmation. */
  readonly active: boolean;
  /** What happened already and is recorded with the factor, because its user is made with it. */
  readonly events: readonly EventDraft[];
}

/** What a factor is made of. */
export interface FactorOrder {
  readonly subject: Subject;
  readonly registered: RegisteredFactor;
  /** What the provider's own schema made of the request. */
  readonly input: unknown;
  readonly label: string | null;
  readonly origin: Origin;
}

/** A factor that was made, or why it was not. */
export type Making =
  | { readonly outcome: 'made'; readonly made: MadeFactor }
  | { readonly outcome: 'malformed'; readonly errors: readonly FieldError[] }
  /** Its first code could not be sent. */
  | { readonly outcome: 'not-sent'; readonly sending: Exclude<CodeSending, { outcome: 'sent' }> };

/** Makes new factors by their providers, and sends the first code where codes are sent; nothing is written. */
@Injectable()
export class FactorMaker {
  constructor(
    private readonly registry: FactorRegistry,
    private readonly calls: ProviderCalls,
    private readonly codes: CodeSender,
    private readonly sends: ProviderSends,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a factor that its user has yet to confirm, within ten minutes.
   * @param begunBy the session or key that may confirm it
   */
  async makePending(order: FactorOrder, begunBy: string): Promise<Making> {
    const { provider, options } = order.registered;
    const making =
      provider.kind === 'answered'
        ? await this.#counted(order, provider, options)
        : await this.#delivered(order, provider, options);
    if (making.outcome !== 'made') return making;
    const { factor, ...made } = making.made;
    const expiresAt = new Date(this.clock.now().getTime() + ENROLMENT_MS);
    return { outcome: 'made', made: { ...made, factor: { ...factor, pending: { begunBy, expiresAt } } } };
  }

  /** Makes a recovery factor, or one that is imported, which is active at once. */
  async makeActive(order: Omit<FactorOrder, 'origin'>): Promise<Exclude<Making, { outcome: 'not-sent' }>> {
    const { provider, options } = order.registered;
    if (provider.kind !== 'answered') throw new TypeError('Only answered factors can be active at once');
    return this.#answered(order, provider, options, this.#site(order.subject));
  }

  /** Makes the recovery factors (backup codes) that come with a user's first factor. */
  async makeRecovery(subject: Subject): Promise<MadeFactor[]> {
    const offered = this.registry.allOffered(subject.application.policy);
    const makings = await Promise.all(
      offered
        .filter(({ options }) => options.recovery === true)
        .map((registered) => this.makeActive({ subject, registered, input: {}, label: null })),
    );
    // One that wants input cannot come by itself.
    return makings.flatMap((making) => (making.outcome === 'made' ? [making.made] : []));
  }

  // Unless it says otherwise, a provider may send something to whatever address the input names.
  async #counted(
    order: FactorOrder,
    provider: AnsweredFactor,
    options: FactorProviderOptions,
  ): Promise<Making> {
    const { subject, origin } = order;
    const site = this.#site(subject);
    if (options.sendsNothing === true) return this.#answered(order, provider, options, site);
    const send: ProviderSend = {
      application: subject.application,
      userId: subject.userId,
      userToBeMade: subject.toBeMade,
      factorId: site.factorId,
      factorType: options.type,
      purpose: 'enrolment',
      origin,
    };
    const claim = await this.sends.claim(send);
    if (claim.outcome !== 'claimed') return { outcome: 'not-sent', sending: claim };
    const making = await this.#answered(order, provider, options, site);
    if (making.outcome !== 'made') {
      await this.sends.giveBack(send);
      return making;
    }
    await this.sends.record(send);
    const events = subject.toBeMade === undefined ? [] : [sentEvent(send)];
    return { outcome: 'made', made: { ...making.made, events } };
  }

  async #answered(
    { subject, input, label }: Omit<FactorOrder, 'origin'>,
    provider: AnsweredFactor,
    { type }: FactorProviderOptions,
    site: CallSite,
  ): Promise<Exclude<Making, { outcome: 'not-sent' }>> {
    const enrolled = await this.calls.enrol(provider, input, site);
    if (enrolled.refused) return { outcome: 'malformed', errors: enrolled.errors };
    const { show, active, secret, hint } = enrolled;
    const factor = newFactor(subject, site, type, label, { secret, hint });
    return { outcome: 'made', made: { factor, show, active, events: [] } };
  }

  async #delivered(
    { subject, input, label, origin }: FactorOrder,
    provider: DeliveredCodeFactor,
    { type }: FactorProviderOptions,
  ): Promise<Making> {
    const site = this.#site(subject);
    const addressed = await this.calls.address(provider, input, site);
    if (addressed.refused) return { outcome: 'malformed', errors: addressed.errors };
    const { secret, recipient } = addressed;
    const request: CodeRequest = {
      application: subject.application,
      userId: subject.userId,
      userToBeMade: subject.toBeMade,
      locale: subject.locale,
      factorId: site.factorId,
      factorType: type,
      recipient,
      purpose: 'enrolment',
      origin,
    };
    const sending = await this.codes.run(request);
    if (sending.outcome !== 'sent') return { outcome: 'not-sent', sending };
    const { to: sentTo, resendAfter } = sending.sent;
    const factor = newFactor(subject, site, type, label, { secret, hint: sentTo });
    const events = subject.toBeMade === undefined ? [] : [sentEvent(request)];
    return { outcome: 'made', made: { factor, show: { sentTo, resendAfter }, active: false, events } };
  }

  #site({ application, userId, account }: Subject): CallSite {
    const factorId = newId(this.clock);
    return { application, userId, account, factorId, nonceOf: factorId };
  }
}

function newFactor(
  { application, userId, securityEpoch }: Subject,
  { factorId }: CallSite,
  type: string,
  label: string | null,
  { secret, hint }: SecretWithHint,
): NewFactor {
  return { id: factorId, applicationId: application.id, userId, securityEpoch, type, label, hint, secret };
}
