import { Inject, Injectable, Logger } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Clock, type CoreConfig, Problem, publicId, Sealer } from '@countersign/core';
import type { Application } from '@countersign/directory';
import {
  type AnsweredFactor,
  type Circumstances,
  type Freshness,
  RESERVED_FIELDS,
} from '@countersign/factor-kit';
import { createHmac, type KeyObject } from 'node:crypto';
import { bounded, patience } from './patience.js';
import { soundVerdict } from './sound-verdict.js';

const REFUSED = { accepted: false, reason: 'mismatch' } as const;

const HINT = /^\P{Cc}{0,200}$/u;

/** What the engine knows when it calls a provider. */
export interface CallSite {
  readonly application: Application;
  readonly userId: string;
  readonly account: string;
  readonly factorId: string;
  /** What the nonce is bound to: the challenge's id, or the factor's at enrolment. */
  readonly nonceOf: string;
}

/** A factor's secret, fit to be sealed, and the hint that goes with it. */
export interface SecretWithHint {
  readonly secret: unknown;
  readonly hint: string;
}

/** What a provider made at enrolment. */
export interface MadeSecret extends SecretWithHint {
  readonly show: Readonly<Record<string, unknown>>;
}

/** A provider's decision on an answer, in a form that the engine can act on. */
export type Ruling =
  | {
      readonly accepted: true;
      readonly fresh: Freshness;
      /** The factor's secret after this answer, where it changed. */
      readonly replacement: SecretWithHint | undefined;
    }
  | { readonly accepted: false; readonly reason: 'mismatch' | 'stale' };

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
    this.#deploymentOrigins = [...core.corsOrigins, new URL(core.publicUrl).origin];
    this.#nonceKey = sealer.deriveKey('factor-nonce');
  }

  /**
   * Makes a new secret.
   * @throws Problem `unavailable` when the provider fails, or makes what cannot be kept or shown
   */
  async enrol(provider: AnsweredFactor, input: unknown, site: CallSite): Promise<MadeSecret> {
    try {
      const { secret, show } = await this.#call(site, (at) => provider.enrol(input, at));
      return { ...(await sealable(provider, secret)), show: showable(show) };
    } catch (error) {
      this.#warn(provider, 'enrol', error);
      throw new Problem('unavailable', {
        detail: 'This type of factor cannot be enrolled at the moment.',
        retryAfter: 5,
      });
    }
  }

  /** Decides on the answer that activates a factor; a throw or a timeout is a refusal. */
  async confirm(provider: AnsweredFactor, secret: unknown, answer: unknown, site: CallSite): Promise<Ruling> {
    return this.#decided(provider, site, 'confirm', (at) => provider.confirm(secret, answer, at));
  }

  /** Decides on an answer; a throw or a timeout is a refusal. */
  async verify(provider: AnsweredFactor, secret: unknown, answer: unknown, site: CallSite): Promise<Ruling> {
    return this.#decided(provider, site, 'verify', (at) => provider.verify(secret, answer, at));
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
    method: 'confirm' | 'verify',
    decide: (at: Circumstances) => unknown,
  ): Promise<Ruling> {
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
    const signal = patience();
    return bounded(call(this.#circumstances(site, signal)), signal);
  }

  #circumstances(site: CallSite, signal: AbortSignal): Circumstances {
    return {
      now: this.clock.now(),
      ids: {
        application: publicId('app', site.application.id),
        user: publicId('usr', site.userId),
        factor: publicId('fac', site.factorId),
      },
      issuer: site.application.issuer,
      account: site.account,
      origins: [...site.application.allowedOrigins, ...this.#deploymentOrigins],
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

// A secret that its own schema refuses, or that JSON changes, would lock its user out at the next login.
async function sealable(provider: AnsweredFactor, secret: unknown): Promise<SecretWithHint> {
  const kept = throughJson(secret);
  const { issues } = await bounded(provider.secret['~standard'].validate(kept));
  if (issues !== undefined) throw new TypeError('The secret does not fit its schema');
  const hint: unknown = provider.publicView(kept).hint;
  if (typeof hint !== 'string' || !HINT.test(hint)) throw new TypeError('The hint is not a line of text');
  return { secret: kept, hint };
}

function showable(show: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const shown = throughJson(show);
  if (typeof shown !== 'object' || shown === null || RESERVED_FIELDS.some((field) => field in shown)) {
    throw new TypeError('What is shown is no object, or uses a reserved field');
  }
  return { ...shown };
}

function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
