import { createHash, randomInt } from 'node:crypto';

const COLUMNS = 'ABCDEFGHIJ';
const ROWS = '12345';

/** Without 0 and O, 1, I and L, U and V, 5 and S, 2 and Z, 8 and B: nothing that looks like something else. */
const SYMBOLS = '34679ACDEFGHJKMNPQRTWXY';
const SYMBOLS_PER_CELL = 2;

/** Cells that one challenge asks for. */
export const ASKED = 3;

/** The names of all cells, row by row: A1, B1, … J5. */
export const CELLS: readonly string[] = [...ROWS].flatMap((row) =>
  [...COLUMNS].map((column) => column + row),
);

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
 * Three different cells, by the nonce alone: whoever has the nonce of a challenge finds the same three, so that none
 * need be stored. A nonce of 32 unpredictable bytes gives each of the 19 600 combinations nearly the same chance.
 */
export function cellsFor(nonce: Uint8Array): string[] {
  const left = [...CELLS];
  const chosen: string[] = [];
  for (let turn = 0; turn < ASKED; turn += 1) {
    const digest = createHash('sha256').update(nonce).update(String(turn)).digest();
    chosen.push(...left.splice(digest.readUInt32BE(0) % left.length, 1));
  }
  return chosen.sort((a, b) => CELLS.indexOf(a) - CELLS.indexOf(b));
}
