import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { DestinationRefusal } from '../codes/code-delivery.js';

// Where a plan does not tell mobile numbers from others, as in North America, they must be allowed.
const MOBILE_CAPABLE = new Set(['MOBILE', 'FIXED_LINE_OR_MOBILE']);

/** Whether a number can and may be sent to. */
export type SmsDestination =
  | { readonly allowed: true; readonly country: string }
  | { readonly allowed: false; readonly reason: DestinationRefusal };

/**
 * Looks at a number by the numbering plans of libphonenumber: premium, shared-cost, toll-free, voice-over-IP and pager
 * numbers are what SMS pumping earns its money with.
 *
 * @param number E.164
 * @param allowedCountries ISO 3166 codes; `undefined` allows all
 */
export function smsDestination(
  number: string,
  allowedCountries: ReadonlySet<string> | undefined,
): SmsDestination {
  const parsed = parsePhoneNumberFromString(number);
  if (parsed === undefined || !parsed.isValid() || parsed.number !== number) {
    return { allowed: false, reason: 'invalid_number' };
  }
  const { country } = parsed;
  // Satellite and other networks of no country.
  if (country === undefined || !MOBILE_CAPABLE.has(parsed.getType() ?? '')) {
    return { allowed: false, reason: 'not_a_mobile_number' };
  }
  return allowedCountries === undefined || allowedCountries.has(country)
    ? { allowed: true, country }
    : { allowed: false, reason: 'country_not_allowed' };
}
