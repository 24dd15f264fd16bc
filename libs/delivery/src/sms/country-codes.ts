import { isSupportedCountry } from 'libphonenumber-js/max';

/** Codes that are taken for others: of roads and internet domains, or of a language. */
const MEANT: Readonly<Record<string, string>> = {
  UK: 'GB',
  EN: 'GB',
  EL: 'GR',
  SU: 'RU',
  KO: 'KR',
  JA: 'JP',
};

/**
 * What is wrong with a list of countries. The codes are those of libphonenumber, which decides what country a number
 * belongs to.
 * @returns a sentence that names each wrong code; `undefined` where all are countries
 */
export function countriesFault(codes: readonly string[]): string | undefined {
  const upper = codes.map((code) => code.toUpperCase());
  if (!upper.every((code) => /^[A-Z]{2}$/.test(code))) {
    return 'expected country codes of two letters (ISO 3166): GE,DE';
  }
  const wrong = upper.filter((code) => !isSupportedCountry(code));
  return wrong.length === 0 ? undefined : wrong.map(sentenceOf).join('; ');
}

function sentenceOf(code: string): string {
  const meant = MEANT[code];
  return `${code} is no country code that telephone numbers belong to${meant === undefined ? '' : `: write ${meant}`}`;
}
