/** Crockford's alphabet (https://www.crockford.com/base32.html): no I, L, O and U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const BITS_PER_SYMBOL = 5;

/**
 * Writes bytes in Crockford base32, upper case, the first byte's highest bits first.
 *
 * @param bytes a whole number of symbols: a multiple of five bytes (eight symbols)
 * @throws RangeError for any other length, which would need padding that Crockford does not define
 */
export function encodeCrockford(bytes: Uint8Array): string {
  if (bytes.length % BITS_PER_SYMBOL !== 0) {
    throw new RangeError('Crockford base32 is written from a multiple of five bytes');
  }
  let symbols = '';
  let pending = 0;
  let pendingBits = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    pendingBits += 8;
    while (pendingBits >= BITS_PER_SYMBOL) {
      pendingBits -= BITS_PER_SYMBOL;
      symbols += ALPHABET.charAt(pending >>> pendingBits);
      pending &= (1 << pendingBits) - 1;
    }
  }
  return symbols;
}

/** Puts a dash after every fourth symbol, for reading and typing: `ABCD-EFGH`. */
export function groupByFour(symbols: string): string {
  return symbols.replace(/.{4}(?=.)/g, '$&-');
}

/**
 * A pattern for any spelling of so many symbols: either case, I and L for 1, O for 0, dashes and spaces anywhere.
 * U is in no spelling. It backtracks nowhere, so a long text costs no more than its length.
 */
export function crockfordSpelling(symbols: number): RegExp {
  return new RegExp(`^[\\s-]*(?:[0-9A-TV-Za-tv-z][\\s-]*){${symbols}}$`);
}

/** Turns a spelling that fits `crockfordSpelling` into the symbols that `encodeCrockford` writes. */
export function normaliseCrockford(spelled: string): string {
  return spelled.replace(/[\s-]/g, '').toUpperCase().replaceAll('O', '0').replace(/[IL]/g, '1');
}
