import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Clock, type CoreConfig, type FieldError, isWebOrigin, publicId, Sealer } from '@countersign/core';
import type { Application } from '@countersign/directory';
import {
  type AnsweredFactor,
  type Circumstances,
  type DeliveredCodeFactor,
  type Freshness,
  isRefused,
  type Recipient,
  type Sibling,
  type ShownChallenge,
} from '@countersign/factor-kit';
import { createHmac, type KeyObject } from 'node:crypto';
import { bounded, patience } from './patience.js';
import { ProviderFailures } from './provider-failures.js';
import {
  fitting,
  parsedSecret,
  recipientOf,
  sealable,
  type SecretWithHint,
  showable,
} from './provider-results.js';
import { type FactorClass, hasChallenge } from './registry/factor-class.js';
import { issuesOf } from './registry/schema-parsing.js';
import { Siblings } from './siblings.js';
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
  /** At a challenge: the factors that it offers. UUIDs. */
  readonly offered?: readonly string[];
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
  readonly #failures = new ProviderFailures();
  readonly #nonceKey: KeyObject;
  readonly #deploymentOrigins: readonly string[];

  constructor(
    private readonly clock: Clock,
    @Inject(getConfigToken('core')) core: CoreConfig,
    sealer: Sealer,
    private readonly siblings: Siblings,
  ) {
    this.#deploymentOrigins = [new URL(core.publicUrl).origin, ...core.corsOrigins.filter(isWebOrigin)];
    this.#nonceKey = sealer.deriveKey('factor-nonce');
  }

  /**
   * Makes a new secret, or tells what is wrong with an enrolment's input.
   * @throws Problem `unavailable` when the provider fails, or makes what cannot be kept or shown
   */
  async enrol(provider: AnsweredFactor, input: unknown, site: CallSite): Promise<MadeSecret | RefusedInput> {
    const siblings = await this.siblings.of(provider, site);
    try {
      const made = await this.#call(site, (at) => provider.enrol(input, at), siblings);
      if (isRefused(made)) return { refused: true, errors: issuesOf(made.issues) };
      const { secret, show, active } = made;
      const kept = await sealable(provider, secret);
      return { refused: false, ...kept, show: showable(show), active: active === true };
    } catch (error) {
      throw this.#failures.unavailable(provider, 'enrol', error);
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
      const { kept, parsed } = await fitting(provider, secret);
      return { refused: false, secret: kept, recipient: recipientOf(provider, parsed) };
    } catch (error) {
      throw this.#failures.unavailable(provider, 'address', error);
    }
  }

  /**
   * Where a factor's codes go; `undefined` when the provider fails: nothing can be sent then.
   * @throws Problem `unavailable` where the secret does not fit its schema any more
   */
  async recipient(
    provider: DeliveredCodeFactor,
    secret: unknown,
    factorId: string,
  ): Promise<Recipient | undefined> {
    const opened = await this.#fit(provider, secret, factorId);
    try {
      return recipientOf(provider, opened);
    } catch (error) {
      this.#failures.warn(provider, 'recipient', error);
      return undefined;
    }
  }

  /**
   * What the user's client needs to answer a challenge; `undefined` where the factor has no such thing.
   * @throws Problem `unavailable` when the provider fails, or makes what cannot be shown, or the secret does not fit its
   *   schema any more
   */
  async challenge(
    provider: AnsweredFactor,
    secret: unknown,
    site: CallSite,
  ): Promise<ShownChallenge | undefined> {
    if (!hasChallenge(provider)) return undefined;
    const opened = await this.#fit(provider, secret, site.factorId);
    const siblings = await this.siblings.of(provider, site);
    try {
      return showable(await this.#call(site, (at) => provider.challenge(opened, at), siblings));
    } catch (error) {
      throw this.#failures.unavailable(provider, 'challenge', error);
    }
  }

  /** Decides on the answer that activates a factor; a throw or a timeout is a refusal. */
  async confirm(
    provider: AnsweredFactor,
    secret: unknown,
    answer: unknown,
    site: CallSite,
  ): Promise<ConfirmRuling> {
    const siblings = await this.siblings.of(provider, site);
    const decide = (opened: unknown, at: Circumstances): unknown => provider.confirm(opened, answer, at);
    return this.#decided(provider, secret, site, 'confirm', decide, siblings);
  }

  /** Decides on the two answers that activate a factor; a throw or a timeout is a refusal. */
  async confirmInRow(
    provider: ConfirmsInRow,
    secret: unknown,
    answers: readonly [unknown, unknown],
    site: CallSite,
  ): Promise<ConfirmRuling> {
    return this.#decided(provider, secret, site, 'confirmInRow', (opened, at) =>
      provider.confirmInRow(opened, answers, at),
    );
  }

  /** Decides on an answer; a throw or a timeout is a refusal. */
  async verify(provider: AnsweredFactor, secret: unknown, answer: unknown, site: CallSite): Promise<Ruling> {
    return withoutClock(
      await this.#decided(provider, secret, site, 'verify', (opened, at) =>
        provider.verify(opened, answer, at),
      ),
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
      await this.#decided(provider, secret, site, 'resync', (opened, at) =>
        provider.resync(opened, answers, at),
      ),
    );
  }

  /** Lets a provider clean up after a removed factor. Its failure changes nothing here. */
  async revoke(provider: AnsweredFactor, secret: unknown, site: CallSite): Promise<void> {
    try {
      const opened = await this.#fit(provider, secret, site.factorId);
      await this.#call(site, (at) => provider.revoke?.(opened, at));
    } catch (error) {
      this.#failures.warn(provider, 'revoke', error);
    }
  }

  async #decided(
    provider: AnsweredFactor,
    secret: unknown,
    site: CallSite,
    method: 'confirm' | 'confirmInRow' | 'verify' | 'resync',
    decide: (opened: unknown, at: Circumstances) => unknown,
    siblings: readonly Sibling[] = [],
  ): Promise<ConfirmRuling> {
    const opened = await this.#fit(provider, secret, site.factorId);
    try {
      const verdict = soundVerdict(await this.#call(site, (at) => decide(opened, at), siblings));
      if (verdict === undefined) throw new TypeError('not a verdict');
      if (!verdict.accepted) return verdict;
      const { fresh, secret: changed } = verdict;
      const replacement = changed === undefined ? undefined : await sealable(provider, changed);
      return { accepted: true, fresh, replacement };
    } catch (error) {
      this.#failures.warn(provider, method, error);
      return REFUSED;
    }
  }

  async #call<T>(
    site: CallSite,
    call: (at: Circumstances) => T | Promise<T>,
    siblings: readonly Sibling[] = [],
  ): Promise<T> {
    const at = this.#circumstances(site, siblings);
    return bounded(call(at), () => at.signal);
  }

  // Made where a provider looks at them: a timer, ids and a nonce cost more than the check of a code.
  #circumstances(site: CallSite, siblings: readonly Sibling[]): Circumstances {
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
      siblings,
      get signal() {
        return (signal ??= patience());
      },
    };
  }

  // A provider that was changed may not be able to read what it made before. That is no wrong code of the user's.
  async #fit(provider: FactorClass, secret: unknown, factorId: string): Promise<unknown> {
    const opened = await parsedSecret(provider, secret);
    if (opened !== undefined) return opened.value;
    throw this.#failures.misfit(provider, factorId);
  }
}

// Somebody who guesses at a login is told nothing of a clock.
function withoutClock(ruling: ConfirmRuling): Ruling {
  return !ruling.accepted && ruling.reason === 'clock' ? { accepted: false, reason: 'stale' } : ruling;
}
