/** A decimal number without superfluous zeros: `digits` × 10^`exponent`. */
interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

/**
 * Whether a JSON number is still the same once a double holds it: what the double is written as (its shortest form,
 * ECMAScript `Number::toString`, which RFC 8785 takes too) has the value that was sent. So 0.1 and 19.90 are, and
 * 9007199254740993 and 1e400 are not; two exact numbers that differ become two doubles.
 *
 * @param literal a number of valid JSON (RFC 8259 section 6)
 */
export function isExactNumber(literal: string): boolean {
  const held = Number(literal);
  if (!Number.isFinite(held)) return false;
  const sent = decimalOf(literal);
  const written = decimalOf(String(held));
  return sent.digits === written.digits && sent.exponent === written.exponent;
}

// The sign needs no look: a double keeps it, and zero has none.
function decimalOf(literal: string): Decimal {
  const [mantissa = '', power = '0'] = literal.replace(/^-/, '').toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  let start = 0;
  while (digits[start] === '0') start += 1;
  // A loop, because a pattern for zeros at the end looks at each run of zeros many times.
  let end = digits.length;
  while (end > start && digits[end - 1] === '0') end -= 1;
  if (start === end) return { digits: '', exponent: 0 };
  return {
    digits: digits.slice(start, end),
    exponent: Number(power) - fraction.length + digits.length - end,
  };
}
