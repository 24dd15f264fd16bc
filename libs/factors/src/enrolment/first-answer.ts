import type { FieldError } from '@countersign/core';
import type { ConfirmsInRow } from '../provider-calls.js';
import { parseAnswer } from '../registry/answer-parsing.js';
import type { FactorClass } from '../registry/factor-class.js';

/** The answer that activates a factor, in the form that its provider takes. */
export type FirstAnswer =
  | { readonly kind: 'one'; readonly answer: unknown }
  /** Two in a row, of a device whose clock is off. */
  | { readonly kind: 'two'; readonly provider: ConfirmsInRow; readonly answers: readonly [unknown, unknown] };

/** An answer that could be read, or what is wrong with it. */
export type ReadFirstAnswer =
  | { readonly readable: true; readonly first: FirstAnswer }
  | { readonly readable: false; readonly errors: readonly FieldError[] };

/** Reads the answer that activates a factor: the provider's own fields, or `codes` where it can take two in a row. */
export async function readFirstAnswer(
  provider: FactorClass,
  body: Readonly<Record<string, unknown>>,
): Promise<ReadFirstAnswer> {
  const { codes, ...others } = body;
  if ('codes' in body && Object.keys(others).length === 0 && confirmsInRow(provider)) {
    return readTwo(provider, codes);
  }
  const parsed = await parseAnswer(provider, body);
  return parsed.accepted
    ? { readable: true, first: { kind: 'one', answer: parsed.value } }
    : { readable: false, errors: parsed.errors };
}

async function readTwo(provider: ConfirmsInRow, codes: unknown): Promise<ReadFirstAnswer> {
  const parsed = await Promise.all(
    Array.isArray(codes) && codes.length === 2
      ? codes.map((code: unknown) => parseAnswer(provider, { code }))
      : [],
  );
  const [first, second] = parsed;
  return first?.accepted === true && second?.accepted === true
    ? { readable: true, first: { kind: 'two', provider, answers: [first.value, second.value] } }
    : { readable: false, errors: [{ path: 'codes', message: 'must be two codes of this factor' }] };
}

function confirmsInRow(provider: object): provider is ConfirmsInRow {
  return 'confirmInRow' in provider && typeof provider.confirmInRow === 'function';
}
