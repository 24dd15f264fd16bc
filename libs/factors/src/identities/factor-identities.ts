import { Injectable } from '@nestjs/common';
import { Sealer } from '@countersign/core';
import { createHmac, type KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ProviderFailures } from '../provider-failures.js';
import { fitting, soundIdentity } from '../provider-results.js';
import { FactorRegistry } from '../registry/factor-registry.js';

/** A factor's secret in clear, and whose it is. */
export interface IdentifiableFactor {
  /** UUID. */
  readonly applicationId: string;
  readonly type: string;
  readonly secret: unknown;
}

/** Tells devices apart: which factor is the same one as another, and which device made an answer. */
@Injectable()
export class FactorIdentities {
  readonly #failures = new ProviderFailures();
  readonly #key: KeyObject;

  constructor(
    private readonly registry: FactorRegistry,
    sealer: Sealer,
  ) {
    this.#key = sealer.deriveKey('factor-identity');
  }

  /**
   * What a factor claims when it is activated: an HMAC, because an identity may tell whose the device is elsewhere.
   * @returns `undefined` where its provider knows no such thing
   * @throws Problem `unavailable` when the provider fails
   */
  async digest({ applicationId, type, secret }: IdentifiableFactor): Promise<Buffer | undefined> {
    const identity = await this.#identity(type, secret);
    if (identity === undefined) return undefined;
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([applicationId, type, identity]))
      .digest();
  }

  /** The types whose devices have an identity. */
  types(): string[] {
    return this.registry
      .all()
      .filter(({ provider }) => provider.identity !== undefined)
      .map(({ options }) => options.type);
  }

  /** The identity of the device that made an answer, where the answer says it; a provider's failure is silence. */
  answeredBy(type: string, answer: unknown): string | undefined {
    const provider = this.registry.find(type)?.provider;
    if (provider?.kind !== 'answered' || provider.answeredBy === undefined) return undefined;
    if (answer === undefined || provider.identity === undefined) return undefined;
    try {
      const identity = provider.answeredBy(answer);
      return identity === undefined ? undefined : soundIdentity(identity);
    } catch (error) {
      this.#failures.warn(provider, 'answeredBy', error);
      return undefined;
    }
  }

  /** Whether a secret is of the device with an identity; one that its provider cannot read is of none. */
  async isOf(identity: string, type: string, secret: unknown): Promise<boolean> {
    try {
      return (await this.#identity(type, secret)) === identity;
    } catch {
      return false;
    }
  }

  /**
   * Whether an answer to one factor is an answer to the other.
   * @throws Problem `unavailable` when the provider fails
   */
  async areOne(
    one: Omit<IdentifiableFactor, 'applicationId'>,
    other: Omit<IdentifiableFactor, 'applicationId'>,
  ): Promise<boolean> {
    if (one.type !== other.type) return false;
    if (isDeepStrictEqual(one.secret, other.secret)) return true;
    const provider = this.registry.find(one.type)?.provider;
    if (provider?.kind !== 'answered' || provider.isSameSecret === undefined) return false;
    try {
      const [first, second] = await Promise.all([
        fitting(provider, one.secret),
        fitting(provider, other.secret),
      ]);
      return provider.isSameSecret(first.parsed, second.parsed);
    } catch (error) {
      throw this.#failures.unavailable(provider, 'isSameSecret', error);
    }
  }

  async #identity(type: string, secret: unknown): Promise<string | undefined> {
    const provider = this.registry.find(type)?.provider;
    if (provider?.identity === undefined) return undefined;
    try {
      return soundIdentity(provider.identity((await fitting(provider, secret)).parsed));
    } catch (error) {
      throw this.#failures.unavailable(provider, 'identity', error);
    }
  }
}
