import type { AnsweredFactor, DeliveredCodeFactor, Schema } from '@countersign/factor-kit';
import { CodeAnswer } from '../codes/code-answer.js';

/** A provider of either kind; `kind` tells which. */
export type FactorClass = AnsweredFactor | DeliveredCodeFactor;

/** The schema of an answer to a factor: its provider's, or that of the codes that the engine sends. */
export function answerSchemaOf(provider: FactorClass): Schema {
  return provider.kind === 'answered' ? provider.answer : CodeAnswer;
}
