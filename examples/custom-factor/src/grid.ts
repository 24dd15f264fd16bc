import { createHmac, randomInt } from 'node:crypto';

const COLUMNS = 'ABCDEFGHIJ';
const ROWS = '12345';

/** Without 0 and O, 1, I and L, U and V, 5 and S, 2 and Z, 8 and B: nothing that looks like something else. */
const SYMBOLS = '34679ACDEFGHJKMNPQRTWXY';
const SYMBOLS_PER_CELL = 2;

/** Cells that one question asks for. */
export const ASKED = 3;

/** The names of all cells, row by row: A1, B1, … J5. */
export const CELLS: readonly string[] = [...ROWS].flatMap((row) =>
  [...COLUMNS].map((column) => column + row),
);

/** Questions until a cell may be asked for again. */
export const QUESTIONS_PER_ROUND = Math.floor(CELLS.length / ASKED);

/** A new card: what stands in each cell, one after another. */
export function newCard(): string {
  const symbol = (): string => SYMBOLS.charAt(randomInt(SYMBOLS.length));
  return Array.from({ length: CELLS.length * SYMBOLS_PER_CELL }, symbol).join('');
}

/** What stands in a cell. */
export function cellOf(card: string, name: string): string {
  const start = CELLS.indexOf(name) * SYMBOLS_PER_CELL;
  return card.slice(start, start + SYMBOLS_PER_CELL);
}

/** The card as it is printed. */
export function printed(card: string): string {
  const line = (row: string): string =>
    [row, ...[...COLUMNS].map((column) => cellOf(card, column + row))].join('  ');
  return [`   ${[...COLUMNS].join('   ')}`, ...[...ROWS].map(line)].join('\n');
}

/**
 * The cells that a card's question asks for, by the card alone: they stay the same until they are answered, however
 * many challenges are opened. The cells are shuffled and dealt three by three, so that none comes twice in a round;
 * then they are shuffled anew.
 *
 * @param nth how many questions of this card were answered before
 */
export function questionOf(card: string, nth: number): string[] {
  const round = Math.floor(nth / QUESTIONS_PER_ROUND);
  const start = (nth % QUESTIONS_PER_ROUND) * ASKED;
  return shuffled(card, round)
    .slice(start, start + ASKED)
    .sort((a, b) => CELLS.indexOf(a) - CELLS.indexOf(b));
}

// Keyed by the card, so that only who has all of it knows what will be asked.
function shuffled(card: string, round: number): string[] {
  const place = (cell: string): string => createHmac('sha256', card).update(`${round} ${cell}`).digest('hex');
  const places = new Map(CELLS.map((cell) => [place(cell), cell]));
  return [...places].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cell]) => cell);
}
