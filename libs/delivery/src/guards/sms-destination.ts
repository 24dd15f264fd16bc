import { parsePhoneNumberFromString, type PhoneNumber } from 'libphonenumber-js/max';
import type { DestinationRefusal } from '../codes/code-delivery.js';

// Where a plan does not tell mobile numbers from others, as in North America, they must be allowed.
const MOBILE_CAPABLE = new Set(['MOBILE', 'FIXED_LINE_OR_MOBILE']);

// Twenty-five countries share this code, and the area code tells them apart: who does not know it does not know
// whether a message costs a cent or a dollar.
const NORTH_AMERICA = '1';

/** Where an operator lets SMS go. */
export interface AllowedDestinations {
  /** ISO 3166 codes; `undefined` allows all. */
  readonly countries: ReadonlySet<string> | undefined;
  /** Beginnings of E.164 numbers that libphonenumber does not know yet: `+1436`. */
  readonly prefixes: readonly string[];
}

/** Whether a number can and may be sent to. */
export type SmsDestination =
  | {
      readonly allowed: true;
      readonly country: string;
      /** Whether the numbering plan says that it is mobile; else it is a possible number of no known type. */
      readonly known: boolean;
    }
  | {
      readonly allowed: false;
      readonly reason: DestinationRefusal;
      /** The beginning of the number, which is no one's: its country code, in North America with the area code. */
      readonly range: string;
    };

/**
 * Looks at a number by the numbering plans of libphonenumber: premium, shared-cost, toll-free, voice-over-IP and pager
 * numbers are what SMS pumping earns its money with. What the plans do not know may be a range that is newer than the
 * library: it is sent to where its country is allowed, or its prefix is named.
 *
 * @param number E.164
 */
export function smsDestination(number: string, allowed: AllowedDestinations): SmsDestination {
  const parsed = parsePhoneNumberFromString(number);
  const refused = (reason: DestinationRefusal): SmsDestination => ({
    allowed: false,
    reason,
    range: rangeOf(number, parsed?.countryCallingCode),
  });
  if (parsed === undefined || !parsed.isPossible() || parsed.number !== number)
    return refused('invalid_number');
  const country = countryOf(parsed);
  const type = parsed.getType();
  // Satellite and other networks of no country.
  if (country === undefined || (type !== undefined && !MOBILE_CAPABLE.has(type))) {
    return refused('not_a_mobile_number');
  }
  const known = type !== undefined;
  if (!known && allowed.prefixes.some((prefix) => number.startsWith(prefix))) {
    return { allowed: true, country, known };
  }
  if (!known && parsed.countryCallingCode === NORTH_AMERICA) return refused('invalid_number');
  return allowed.countries === undefined || allowed.countries.has(country)
    ? { allowed: true, country, known }
    : refused('country_not_allowed');
}

// Of countries that share a code, the main one: the number's own part is not known.
function countryOf(parsed: PhoneNumber): string | undefined {
  return parsed.country ?? parsed.getPossibleCountries()[0];
}

function rangeOf(number: string, callingCode: string | undefined): string {
  if (callingCode === undefined) return 'no country code';
  return callingCode === NORTH_AMERICA ? number.slice(0, 5) : `+${callingCode}`;
}
