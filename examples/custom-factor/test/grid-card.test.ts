import { describeFactorContract } from '@countersign/factor-testing';
import { describe, expect, it } from 'vitest';
import { GridCardFactor } from '../src/grid-card.factor.js';
import { CELLS, cellOf, cellsFor, newCard, printed } from '../src/grid.js';

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

  it('is asked for three different cells, the same for the same nonce', () => {
    const nonces = Array.from({ length: 200 }, (_, index) => new Uint8Array(32).fill(index));
    const asked = nonces.map((nonce) => cellsFor(nonce));
    for (const cells of asked) expect(new Set(cells).size).toBe(3);
    expect(cellsFor(new Uint8Array(32).fill(7))).toEqual(asked[7]);
    expect(new Set(asked.flat()).size).toBe(CELLS.length);
  });
});
