import { Injectable } from '@nestjs/common';
import { AnswerReader, type ReadAnswer } from '../challenges/answer-reader.js';
import { hasChallenge } from '../registry/factor-class.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import type { HeldFactor } from '../settlement/user-factors.store.js';

/** Which factor an answer is for, as far as the server says. */
export interface NamedFactor {
  /** UUID. */
  readonly factorId: string | undefined;
  readonly type: string | undefined;
}

/** The one factor that an answer is for. */
export type DirectlyChosen =
  | { readonly outcome: 'chosen'; readonly factor: HeldFactor }
  /** The user has no factor that could be answered without a challenge. */
  | { readonly outcome: 'not-enrolled' }
  | { readonly outcome: 'no-such-factor' }
  /** The named factor has to be challenged first. */
  | { readonly outcome: 'needs-challenge' }
  /** What the answer would be for has no provider any more, and there is nothing else. */
  | { readonly outcome: 'locked' };

/** Picks the factor of an answer that comes without a challenge: one that needs nothing sent or shown before. */
@Injectable()
export class DirectChoice {
  constructor(
    private readonly reader: AnswerReader,
    private readonly registry: FactorRegistry,
  ) {}

  /** Reads an answer before any attempt is claimed. */
  async read(answer: Readonly<Record<string, unknown>>): Promise<ReadAnswer> {
    return this.reader.read(answer);
  }

  /** @param factors the user's active ones, the default one first */
  choose(
    factors: readonly HeldFactor[],
    { factorId, type }: NamedFactor,
    byType: ReadonlyMap<string, unknown>,
  ): DirectlyChosen {
    if (factors.every((factor) => this.registry.isRecovery(factor.type))) return { outcome: 'not-enrolled' };
    const answerable = factors.filter((factor) => this.#answerable(factor.type));
    if (factorId !== undefined) {
      const named = factors.find(({ id }) => id === factorId);
      if (named === undefined || (type !== undefined && named.type !== type))
        return { outcome: 'no-such-factor' };
      if (!this.registry.isUsable(named.type)) return { outcome: 'locked' };
      return answerable.includes(named)
        ? { outcome: 'chosen', factor: named }
        : { outcome: 'needs-challenge' };
    }
    const candidates = answerable.filter((factor) => type === undefined || factor.type === type);
    // The default is offered first, and only where it is among those that can be answered so.
    const factor = this.reader.choose({ factors: candidates }, undefined, byType);
    if (factor !== undefined) return { outcome: 'chosen', factor };
    // Never “not enrolled”: that lets in by the password alone.
    const retired = factors.some((each) => !this.registry.isUsable(each.type));
    return { outcome: retired ? 'locked' : 'not-enrolled' };
  }

  #answerable(type: string): boolean {
    const provider = this.registry.find(type)?.provider;
    return provider?.kind === 'answered' && !hasChallenge(provider);
  }
}
