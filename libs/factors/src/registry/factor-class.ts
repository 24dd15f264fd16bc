import type { AnsweredFactor, DeliveredCodeFactor, Schema } from '@countersign/factor-kit';
import { CodeAnswer } from '../codes/code-answer.js';

/** A provider of either kind; `kind` tells which. */
export type FactorClass = AnsweredFactor | DeliveredCodeFactor;

/** The schema of an answer to a factor: its provider's, or that of the codes that the engine sends. */
export function answerSchemaOf(provider: FactorClass): Schema {
  return provider.kind === 'answered' ? provider.answer : CodeAnswer;
}

/**
 * Whether a provider has a challenge of its own. The base class has none; it is found from the object itself, because a
 * provider may be built against another copy of the kit.
 */
export function hasChallenge(provider: AnsweredFactor): boolean {
  let base: object = provider;
  for (
    let next: unknown = Object.getPrototypeOf(base);
    isClassLevel(next);
    next = Object.getPrototypeOf(base)
  ) {
    base = next;
  }
  return !('challenge' in base) || base.challenge !== provider.challenge;
}

function isClassLevel(level: unknown): level is object {
  return typeof level === 'object' && level !== null && level !== Object.prototype;
}
