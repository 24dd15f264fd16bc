import { publicId } from '@countersign/core';
import type { ActiveFactor } from '../bench/active-factor.js';
import type { FactorBench } from '../bench/factor-bench.js';
import { hold } from '../contract-broken.js';

/** Shorter texts turn up by chance. */
export const SHORTEST_CANARY = 6;

/** Every text and number in a value, and where it stands. */
export function textsIn(value: unknown, path = ''): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'number') return [[path, String(value)]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => textsIn(part, `${path}.${key}`));
}

/** The texts of a secret that another enrolment of the same person has otherwise: what was made at random. */
export async function randomTexts(
  bench: FactorBench,
  factor: ActiveFactor,
  shortest = SHORTEST_CANARY,
): Promise<string[]> {
  const { observed } = bench.engine;
  const another = await factor.owner.enrol();
  hold(another.outcome === 'enrolled', `another enrolment ended as ${another.outcome}`);
  const others = new Map(textsIn(observed.enrolled.get(publicId('fac', another.factor.id))));
  return textsIn(observed.enrolled.get(publicId('fac', factor.id)))
    .filter(([path, text]) => text.length >= shortest && others.get(path) !== text)
    .map(([, text]) => text);
}

/** Whether something that is shown holds a text: as it is, in groups, or in an encoding that anybody can undo. */
export function holds(shown: unknown, text: string): boolean {
  const json = JSON.stringify(shown) ?? '';
  const bytes = Buffer.from(text);
  const forms = [
    text,
    encodeURIComponent(text),
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ];
  return forms.some((form) => json.includes(form)) || bare(json).includes(bare(text));
}

function bare(text: string): string {
  return text.replace(/[\s-]/g, '').toLowerCase();
}
