import { Injectable, Logger } from '@nestjs/common';
import { Clock, publicId, Sealer } from '@countersign/core';
import type { AnsweredFactor, Circumstances, Enrolment, Verdict } from '@countersign/factor-kit';
import { createHmac, type KeyObject } from 'node:crypto';

// A provider that talks to a system of its own has this long; then its silence is a refusal.
const PATIENCE_MS = 5_000;

const REFUSED = { accepted: false, reason: 'mismatch' } as const;

/** What the engine knows when it calls a provider. */
export interface CallSite {
  readonly applicationId: string;
  readonly issuer: string;
  readonly userId: string;
  readonly account: string;
  readonly factorId: string;
  /** What the nonce is bound to: the challenge's id, or the factor's at enrolment. */
  readonly nonceOf: string;
}

/**
 * Calls providers: with the circumstances they may know, for a bounded time, and with every failure turned into a
 * refusal. No transaction is open while a provider runs.
 */
@Injectable()
export class ProviderCalls {
  readonly #logger = new Logger('FactorProvider');
  readonly #nonceKey: KeyObject;

  constructor(
    private readonly clock: Clock,
    sealer: Sealer,
  ) {
    this.#nonceKey = sealer.deriveKey('factor-nonce');
  }

  /** Makes a new secret. Rejects when the provider does. */
  async enrol(provider: AnsweredFactor, input: unknown, site: CallSite): Promise<Enrolment<unknown>> {
    return this.#bounded(site, (at) => provider.enrol(input, at));
  }

  /** Decides on the answer that activates a factor; a throw or a timeout is a refusal. */
  async confirm(
    provider: AnsweredFactor,
    secret: unknown,
    answer: unknown,
    site: CallSite,
  ): Promise<Verdict<unknown>> {
    return this.#decided(provider, site, (at) => provider.confirm(secret, answer, at));
  }

  /** Decides on an answer; a throw or a timeout is a refusal. */
  async verify(
    provider: AnsweredFactor,
    secret: unknown,
    answer: unknown,
    site: CallSite,
  ): Promise<Verdict<unknown>> {
    return this.#decided(provider, site, (at) => provider.verify(secret, answer, at));
  }

  /** Lets a provider clean up after a removed factor. Its failure changes nothing here. */
  async revoke(provider: AnsweredFactor, secret: unknown, site: CallSite): Promise<void> {
    try {
      await this.#bounded(site, (at) => provider.revoke?.(secret, at));
    } catch (error) {
      this.#warn(provider, 'revoke', error);
    }
  }

  async #decided(
    provider: AnsweredFactor,
    site: CallSite,
    call: (at: Circumstances) => Verdict<unknown> | Promise<Verdict<unknown>>,
  ): Promise<Verdict<unknown>> {
    try {
      const verdict = await this.#bounded(site, call);
      // Only a well-formed acceptance is one: `undefined`, `true` or a truthy object from a stranger's provider is not.
      if (isVerdict(verdict)) return verdict;
      this.#warn(provider, 'verify', new TypeError('not a verdict'));
    } catch (error) {
      this.#warn(provider, 'verify', error);
    }
    return REFUSED;
  }

  async #bounded<T>(site: CallSite, call: (at: Circumstances) => T | Promise<T>): Promise<T> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const result = call(this.#circumstances(site, signal));
    if (!(result instanceof Promise)) return result;
    return Promise.race([
      result,
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('took too long')), { once: true });
      }),
    ]);
  }

  #circumstances(site: CallSite, signal: AbortSignal): Circumstances {
    return {
      now: this.clock.now(),
      ids: {
        application: publicId('app', site.applicationId),
        user: publicId('usr', site.userId),
        factor: publicId('fac', site.factorId),
      },
      issuer: site.issuer,
      account: site.account,
      nonce: createHmac('sha256', this.#nonceKey).update(site.nonceOf).digest(),
      signal,
    };
  }

  // The message of a stranger's error may hold anything, so only its class is logged.
  #warn(provider: AnsweredFactor, method: string, error: unknown): void {
    const kind = error instanceof Error ? error.constructor.name : typeof error;
    this.#logger.warn(`${provider.constructor.name}.${method} failed (${kind}): taken as a refusal`);
  }
}

function isVerdict(value: unknown): value is Verdict<unknown> {
  if (typeof value !== 'object' || value === null || !('accepted' in value)) return false;
  if (value.accepted === false) return true;
  if (value.accepted !== true || !('fresh' in value)) return false;
  const { fresh } = value;
  if (fresh === 'challenge-bound') return true;
  if (typeof fresh !== 'object' || fresh === null) return false;
  if ('step' in fresh) return typeof fresh.step === 'bigint';
  return 'token' in fresh && typeof fresh.token === 'string' && fresh.token !== '';
}
