import type { Recipient } from '@countersign/factor-kit';
import { domainToUnicode } from 'node:url';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

/** A recipient as its user may see it: enough to know which one it is, too little to write to it. */
export function masked({ channel, to }: Recipient): string {
  return channel === 'sms' ? maskedNumber(to) : maskedAddress(to);
}

// The number of dots tells nothing of the length.
function maskedNumber(number: string): string {
  const countryCode = parsePhoneNumberFromString(number)?.countryCallingCode ?? '';
  return `+${countryCode}•••••••${number.slice(-2)}`;
}

function maskedAddress(address: string): string {
  const at = address.lastIndexOf('@');
  // As its user knows it, not in punycode.
  const domain = domainToUnicode(address.slice(at + 1)) || address.slice(at + 1);
  const [first = ''] = [...address.slice(0, at)];
  const [domainFirst = ''] = [...domain];
  return `${first}•••@${domainFirst}•••.${domain.split('.').at(-1) ?? ''}`;
}
