import { Injectable } from '@nestjs/common';
import type { FieldError } from '@countersign/core';
import { parseAnswer } from '../registry/answer-parsing.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import { FactorIdentities } from '../identities/factor-identities.js';
import type { OfferedFactor, SentTo } from './challenge.js';

/** An answer as each factor type reads it, or what each finds wrong with it where none can. */
export type ReadAnswer =
  | { readonly readable: true; readonly byType: ReadonlyMap<string, unknown> }
  | { readonly readable: false; readonly faults: ReadonlyMap<string, readonly FieldError[]> };

/** Reads answers by the providers' schemas, and picks the one factor that an answer is for. */
@Injectable()
export class AnswerReader {
  constructor(
    private readonly registry: FactorRegistry,
    private readonly identities: FactorIdentities,
  ) {}

  /**
   * Reads an answer before any attempt is claimed.
   * @param answer `{ code }` or `{ credential }`, as it came
   */
  async read(answer: Readonly<Record<string, unknown>>): Promise<ReadAnswer> {
    const byType = new Map<string, unknown>();
    const faults = new Map<string, readonly FieldError[]>();
    for (const { options, provider } of this.registry.all()) {
      const parsed = await parseAnswer(provider, answer);
      if (parsed.accepted) byType.set(options.type, parsed.value);
      else {
        const named = parsed.errors.map(({ path, message }) => ({
          path,
          message: `${options.type}: ${message}`,
        }));
        faults.set(options.type, named);
      }
    }
    return byType.size > 0 ? { readable: true, byType } : { readable: false, faults };
  }

  /**
   * Picks exactly one factor: the one named; else the recovery factor, where the answer has its shape; else one of the
   * type whose device the answer names; else the one last sent to; else the default. An answer is never tried against
   * several.
   * @param byType the answer as each type reads it; empty where none can
   */
  choose<F extends Pick<OfferedFactor, 'id' | 'type' | 'isDefault'>>(
    { factors, sent }: { readonly factors: readonly F[]; readonly sent?: Pick<SentTo, 'factorId'> },
    factorId: string | undefined,
    byType: ReadonlyMap<string, unknown>,
  ): F | undefined {
    if (factorId !== undefined) return factors.find((factor) => factor.id === factorId);
    const isRecovery = (factor: F): boolean => this.registry.isRecovery(factor.type);
    return (
      factors.find((factor) => isRecovery(factor) && byType.has(factor.type)) ??
      factors.find(({ type }) => this.answeredBy(type, byType) !== undefined) ??
      factors.find((factor) => factor.id === sent?.factorId) ??
      factors.find((factor) => factor.isDefault) ??
      factors.find((factor) => !isRecovery(factor))
    );
  }

  /** The identity of the device that made the answer, read as one of a type's, where it says it. */
  answeredBy(type: string, byType: ReadonlyMap<string, unknown>): string | undefined {
    return this.identities.answeredBy(type, byType.get(type));
  }
}
