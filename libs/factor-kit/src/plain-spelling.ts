/**
 * Brings text that people paste or type, a code or a telephone number, to plain ASCII: digits of every script (Unicode
 * Nd) become 0 to 9, full-width forms what they are wide forms of, every dash and minus a hyphen, every blank a space;
 * direction marks, zero-width characters and other invisible ones are dropped. Everything else stays.
 *
 * The engine does so with the code of an answer that its provider's schema refuses as it came, so that an answer has one
 * spelling before anything is spent.
 */
export function plainSpelling(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text
    .replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)))
    .replace(/[\uff01-\uff5e\ufe62\ufe63\ufe68]/g, (wide) => wide.normalize('NFKC'))
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/\p{White_Space}/gu, ' ');
}

// The decimal digits of a script are ten code points in a row, 0 to 9 (Unicode Standard, section 4.6), and runs of
// several scripts that touch are whole tens.
function digitValue(digit: string): number {
  const point = digit.codePointAt(0) ?? 0;
  let first = point;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return (point - first) % 10;
}
