import { describeFactorContract } from '@countersign/factor-testing';
import { describe, expect, it } from 'vitest';
import { GridCardFactor } from '../src/grid-card.factor.js';
import { ASKED, cellOf, CELLS, newCard, printed, questionOf, QUESTIONS_PER_ROUND } from '../src/grid.js';

/** What the owner reads off the printed card. */
function readOff(card: unknown, cells: unknown): string {
  const [head = '', ...lines] = String(card).split('\n');
  const columns = head.trim().split(/\s+/);
  return (cells as string[])
    .map((cell) => {
      const line = lines.find((each) => each.startsWith(cell.charAt(1))) ?? '';
      return line.split(/\s+/)[columns.indexOf(cell.charAt(0)) + 1];
    })
    .join(' ');
}

describeFactorContract('the grid card', {
  provider: GridCardFactor,
  answer: ({ shown, challenge }) => ({ code: readOff(shown['card'], (challenge ?? shown)['cells']) }),
  // 5 is on no card.
  wrongAnswer: () => ({ code: '55 55 55' }),
});

describe('a grid', () => {
  it('has fifty cells of two symbols that nobody takes for others', () => {
    const card = newCard();
    expect(CELLS).toHaveLength(50);
    expect(card).toMatch(/^[34679ACDEFGHJKMNPQRTWXY]{100}$/);
    expect(new Set([newCard(), newCard(), card]).size).toBe(3);
  });

  it('is read off its print as it was made', () => {
    const card = newCard();
    const all = CELLS.map((cell) => cellOf(card, cell)).join(' ');
    expect(readOff(printed(card), CELLS)).toBe(all);
  });

  it('is asked for each cell at most once in a round, in an order of its own', () => {
    const card = newCard();
    const round = (nth: number): string[][] =>
      Array.from({ length: QUESTIONS_PER_ROUND }, (_, index) =>
        questionOf(card, nth * QUESTIONS_PER_ROUND + index),
      );
    for (const questions of [round(0), round(1)]) {
      const cells = questions.flat();
      expect(cells).toHaveLength(QUESTIONS_PER_ROUND * ASKED);
      expect(new Set(cells).size).toBe(cells.length);
    }
    expect(round(0)).not.toEqual(round(1));
    expect(questionOf(newCard(), 0).concat(questionOf(newCard(), 0))).not.toEqual(
      round(0).slice(0, 2).flat(),
    );
  });
});

describe('a grid card', () => {
  const factor = new GridCardFactor();

  it('asks the same of every challenge until that is answered, and then something else', () => {
    const { secret } = factor.enrol();
    const asked = factor.challenge(secret);
    const code = (asked['cells'] as string[]).map((cell) => cellOf(secret.card, cell)).join('');
    expect(factor.challenge(secret)).toEqual(asked);
    expect(factor.verify(secret, { code: '555555' })).toEqual({ accepted: false, reason: 'mismatch' });
    const verdict = factor.verify(secret, { code });
    expect(verdict).toEqual({ accepted: true, fresh: { step: 0n }, secret: { ...secret, answered: 1 } });
    expect(factor.challenge({ ...secret, answered: 1 })).not.toEqual(asked);
    expect(factor.verify({ ...secret, answered: 1 }, { code }).accepted).toBe(false);
  });

  it('takes what was read off in any spelling of its own', () => {
    const spelled = ['k7 m4 9p', 'K7M49P', 'k7-m4-9p', ' K7 M4 9P '];
    for (const code of spelled) expect(factor.answer.parse({ code })).toEqual({ code: 'K7M49P' });
    for (const code of ['K7M49', 'K7M49PP', 'К7M49P', '']) {
      expect(factor.answer.safeParse({ code }).success).toBe(false);
    }
  });
});
