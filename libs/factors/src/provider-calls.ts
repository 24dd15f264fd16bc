import { Inject, Injectable, Logger } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import {
  Clock,
  type CoreConfig,
  type FieldError,
  isWebOrigin,
  Problem,
  publicId,
  Sealer,
} from '@countersign/core';
import type { Application } from '@countersign/directory';
import {
  type AnsweredFactor,
  type Circumstances,
  type DeliveredCodeFactor,
  type Freshness,
  isNothingShown,
  isRefused,
  type Recipient,
  type ShownChallenge,
} from '@countersign/factor-kit';
import { createHmac, type KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { bounded, patience } from './patience.js';
import { fitting, recipientOf, sealable, type SecretWithHint, showable } from './provider-results.js';
import { issuesOf } from './registry/schema-parsing.js';
import type { FactorClass } from './registry/factor-class.js';
import { soundVerdict } from './sound-verdict.js';

const REFUSED = { accepted: false, reason: 'mismatch' } as const;

/** What the engine knows when it calls a provider. */
export interface CallSite {
  readonly application: Application;
  readonly userId: string;
  readonly account: string;
  readonly factorId: string;
  /** What the nonce is bound to: the challenge's id, or the factor's at enrolment. */
  readonly nonceOf: string;
}

/** Input that a provider refused, as the API tells it. */
export interface RefusedInput {
  readonly refused: true;
  readonly errors: readonly FieldError[];
}

/** What a provider made at enrolment. */
export interface MadeSecret extends SecretWithHint {
  readonly refused: false;
  readonly show: Readonly<Record<string, unknown>>;
  /** Whether its user is known to have it already. */
  readonly active: boolean;
}

/** A provider that can find a device again. */
export type Resyncable = AnsweredFactor & Required<Pick<AnsweredFactor, 'resync'>>;

/** Where the codes of a factor go, by its provider; `refused` names what is wrong with an enrolment's input. */
export type Addressed =
  { readonly refused: false; readonly secret: unknown; readonly recipient: Recipient } | RefusedInput;

/** An answer that a provider accepted. */
interface Acceptable {
  readonly accepted: true;
  readonly fresh: Freshness;
  /** The factor's secret after this answer, where it changed. */
  readonly replacement: SecretWithHint | undefined;
}

/** A provider's decision on an answer, in a form that the engine can act on. */
export type Ruling = Acceptable | { readonly accepted: false; readonly reason: 'mismatch' | 'stale' };

/** A provider's decision on the answer that activates a factor: only there it is told that a clock is off. */
export type ConfirmRuling =
  Ruling | { readonly accepted: false; readonly reason: 'clock'; readonly driftSeconds: number };

/** A provider that can confirm a device whose clock is off. */
export type ConfirmsInRow = AnsweredFactor & Required<Pick<AnsweredFactor, 'confirmInRow'>>;

/**
 * Calls providers: with the circumstances they may know, for a bounded time, and with every failure turned into a
 * refusal. No transaction is open while a provider runs.
 */
@Injectable()
export class ProviderCalls {
  readonly #logger = new Logger('FactorProvider');
  readonly #nonceKey: KeyObject;
  readonly #deploymentOrigins: readonly string[];

  constructor(
    private readonly clock: Clock,
    @Inject(getConfigToken('core')) core: CoreConfig,
    sealer: Sealer,
  ) {
    this.#deploymentOrigins = [new URL(core.publicUrl).origin, ...core.corsOrigins.filter(isWebOrigin)];
    this.#nonceKey = sealer.deriveKey('factor-nonce');
  }

  /**
   * Makes a new secret, or tells what is wrong with an enrolment's input.
   * @throws Problem `unavailable` when the provider fails, or makes what cannot be kept or shown
   */
  async enrol(provider: AnsweredFactor, input: unknown, site: CallSite): Promise<MadeSecret | RefusedInput> {
    try {
      const made = await this.#call(site, (at) => provider.enrol(input, at));
      if (isRefused(made)) return { refused: true, errors: issuesOf(made.issues) };
      const { secret, show, active } = made;
      const kept = await sealable(provider, secret);
      return { refused: false, ...kept, show: showable(show), active: active === true };
    } catch (error) {
      throw this.#unavailable(provider, 'enrol', error);
    }
  }

  /**
   * Finds where the codes of a new factor will go.
   * @throws Problem `unavailable` when the provider fails, or makes what cannot be kept
   */
  async address(provider: DeliveredCodeFactor, input: unknown, site: CallSite): Promise<Addressed> {
    try {
      const secret = await this.#call(site, (at) => provider.address(input, at));
      if (isRefused(secret)) return { refused: true, errors: issuesOf(secret.issues) };
      const kept = await fitting(provider, secret);
      return { refused: false, secret: kept, recipient: recipientOf(provider, kept) };
    } catch (error) {
      throw this.#unavailable(provider, 'address', error);
    }
  }

  /** Where a factor's codes go; `undefined` when the provider fails: nothing can be sent then. */
  recipient(provider: DeliveredCodeFactor, secret: unknown): Recipient | undefined {
    try {
      return recipientOf(provider, secret);
    } catch (error) {
      this.#warn(provider, 'recipient', error);
      return undefined;
    }
  }

  /**
   * What the user's client needs to answer a challenge; `undefined` where the factor has no such thing.
   * @throws Problem `unavailable` when the provider fails, or makes what cannot be shown
   */
  async challenge(
    provider: AnsweredFactor,
    secret: unknown,
    site: CallSite,
  ): Promise<ShownChallenge | undefined> {
    try {
      const show = await this.#call(site, (at) => provider.challenge(secret, at));
      return isNothingShown(show) ? undefined : showable(show);
    } catch (error) {
      throw this.#unavailable(provider, 'challenge', error);
    }
  }

  /** Decides on the answer that activates a factor; a throw or a timeout is a refusal. */
  async confirm(
    provider: AnsweredFactor,
    secret: unknown,
    answer: unknown,
    site: CallSite,
  ): Promise<ConfirmRuling> {
    return this.#decided(provider, site, 'confirm', (at) => provider.confirm(secret, answer, at));
  }

  /** Decides on the two answers that activate a factor; a throw or a timeout is a refusal. */
  async confirmInRow(
    provider: ConfirmsInRow,
    secret: unknown,
    answers: readonly [unknown, unknown],
    site: CallSite,
  ): Promise<ConfirmRuling> {
    return this.#decided(provider, site, 'confirmInRow', (at) => provider.confirmInRow(secret, answers, at));
  }

  /** Decides on an answer; a throw or a timeout is a refusal. */
  async verify(provider: AnsweredFactor, secret: unknown, answer: unknown, site: CallSite): Promise<Ruling> {
    return withoutClock(
      await this.#decided(provider, site, 'verify', (at) => provider.verify(secret, answer, at)),
    );
  }

  /** Decides on the two answers that find a device again; a throw or a timeout is a refusal. */
  async resync(
    provider: Resyncable,
    secret: unknown,
    answers: readonly [unknown, unknown],
    site: CallSite,
  ): Promise<Ruling> {
    return withoutClock(
      await this.#decided(provider, site, 'resync', (at) => provider.resync(secret, answers, at)),
    );
  }

  /**
   * Whether two secrets of one type are one.
   * @throws Problem `unavailable` when the provider fails
   */
  isSameSecret(provider: FactorClass | undefined, secret: unknown, other: unknown): boolean {
    if (isDeepStrictEqual(secret, other)) return true;
    if (provider?.kind !== 'answered' || provider.isSameSecret === undefined) return false;
    try {
      return provider.isSameSecret(secret, other);
    } catch (error) {
      throw this.#unavailable(provider, 'isSameSecret', error);
    }
  }

  /** Lets a provider clean up after a removed factor. Its failure changes nothing here. */
  async revoke(provider: AnsweredFactor, secret: unknown, site: CallSite): Promise<void> {
    try {
      await this.#call(site, (at) => provider.revoke?.(secret, at));
    } catch (error) {
      this.#warn(provider, 'revoke', error);
    }
  }

  async #decided(
    provider: AnsweredFactor,
    site: CallSite,
    method: 'confirm' | 'confirmInRow' | 'verify' | 'resync',
    decide: (at: Circumstances) => unknown,
  ): Promise<ConfirmRuling> {
    try {
      const verdict = soundVerdict(await this.#call(site, decide));
      if (verdict === undefined) throw new TypeError('not a verdict');
      if (!verdict.accepted) return verdict;
      const { fresh, secret } = verdict;
      const replacement = secret === undefined ? undefined : await sealable(provider, secret);
      return { accepted: true, fresh, replacement };
    } catch (error) {
      this.#warn(provider, method, error);
      return REFUSED;
    }
  }

  async #call<T>(site: CallSite, call: (at: Circumstances) => T | Promise<T>): Promise<T> {
    const at = this.#circumstances(site);
    return bounded(call(at), () => at.signal);
  }

  // Made where a provider looks at them: a timer, ids and a nonce cost more than the check of a code.
  #circumstances(site: CallSite): Circumstances {
    const nonceKey = this.#nonceKey;
    let signal: AbortSignal | undefined;
    return {
      now: this.clock.now(),
      get ids() {
        return {
          application: publicId('app', site.application.id),
          user: publicId('usr', site.userId),
          factor: publicId('fac', site.factorId),
        };
      },
      issuer: site.application.issuer,
      account: site.account,
      origins: [...site.application.allowedOrigins.filter(isWebOrigin), ...this.#deploymentOrigins],
      get nonce() {
        return createHmac('sha256', nonceKey).update(site.nonceOf).digest();
      },
      get signal() {
        return (signal ??= patience());
      },
    };
  }

  #unavailable(provider: FactorClass, method: string, error: unknown): Problem {
    this.#warn(provider, method, error);
    return new Problem('unavailable', {
      detail: 'This type of factor cannot be used at the moment.',
      retryAfter: 5,
    });
  }

  // The message of a stranger's error may hold anything, so only its class is logged.
  #warn(provider: FactorClass, method: string, error: unknown): void {
    const kind = error instanceof Error ? error.constructor.name : typeof error;
    this.#logger.warn(`${provider.constructor.name}.${method} failed (${kind}): taken as a refusal`);
  }
}

// Whoever guesses at a login is told nothing of a clock.
function withoutClock(ruling: ConfirmRuling): Ruling {
  return !ruling.accepted && ruling.reason === 'clock' ? { accepted: false, reason: 'stale' } : ruling;
}
