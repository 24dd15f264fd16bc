import { domainToASCII, domainToUnicode } from 'node:url';

/** An e-mail address in the one form in which it is stored, compared and sent to, or what is wrong with a text. */
export type ReadMailAddress =
  | { readonly readable: true; readonly address: string }
  | { readonly readable: false; readonly fault: string };

/** What an address may be beside those of the internet. */
export interface MailAddressOptions {
  /** Whether a domain of one label will do: `admin@localhost`, as operators have them. */
  readonly localHosts?: boolean;
}

/** RFC 5321 section 4.5.3.1.1, in octets. */
const MAX_LOCAL_PART = 64;
/** RFC 5321 section 4.5.3.1.3, less the angle brackets, in octets. */
const MAX_ADDRESS = 254;
/** Characters: looked at first, because the conversion of a domain takes the square of its length. */
const MAX_SPELLED = 320;
/** RFC 1035 section 2.3.4, less the root. */
const MAX_DOMAIN = 253;

// RFC 5322 section 3.2.3, and beyond ASCII RFC 6531 section 3.3: no blanks, nothing unassigned, nothing invisible.
const ATOM = /^(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\p{ASCII}\p{C}\p{Z}\p{Default_Ignorable_Code_Point}])+$/u;

// Direction marks, zero-width characters and controls: two addresses that look the same must be the same.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

// RFC 1123 section 2.1: letters, digits and inner hyphens, at most 63 of them.
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
// Never all digits: an address of a machine is no domain.
const TOP_LABEL = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

const OTHER_THAN_DOMAIN = /[^a-z0-9.\-\P{ASCII}]/u;

/**
 * Reads an e-mail address: the one rule for all of them (RFC 5321 section 4.1.2, RFC 6531 section 3.3). Two spellings of
 * one mailbox come out the same: trimmed, lower case, composed (NFC), the domain in its ASCII form (RFC 5890, by
 * UTS #46). What mail cannot reach is refused: quoted local parts, address literals, parts over their limits, invisible
 * characters, and what mail programs take for an encoded word (RFC 2047).
 *
 * @param text as its user wrote it
 * @returns the address, or a fault that reads after the name of the field: `must be an e-mail address …`
 */
export function readMailAddress(
  text: string,
  { localHosts = false }: MailAddressOptions = {},
): ReadMailAddress {
  const trimmed = text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
  if (INVISIBLE.test(trimmed)) return faulty('must be an e-mail address without invisible characters');
  if (trimmed.length > MAX_SPELLED)
    return faulty(`must be an e-mail address of at most ${MAX_ADDRESS} bytes`);
  const at = trimmed.lastIndexOf('@');
  const local = trimmed.slice(0, at).normalize('NFC').toLowerCase().normalize('NFC');
  if (at < 1 || at === trimmed.length - 1) return faulty('must be an e-mail address such as jo@example.com');
  if (local.includes('"')) return faulty('must be an e-mail address whose part before the @ has no quotes');
  // Compatibility forms are looked at as well: a full-width comma is a comma to some mail programs.
  if (!isDotAtom(local) || !isDotAtom(local.normalize('NFKC')) || local.includes('=?')) {
    return faulty('must be an e-mail address such as jo@example.com');
  }
  const domain = asciiDomain(trimmed.slice(at + 1).toLowerCase(), localHosts);
  if (domain === undefined) return faulty('must be an e-mail address at a domain such as example.com');
  if (Buffer.byteLength(local) > MAX_LOCAL_PART) {
    return faulty(`must be an e-mail address with at most ${MAX_LOCAL_PART} bytes before the @`);
  }
  const address = `${local}@${domain}`;
  return Buffer.byteLength(address) > MAX_ADDRESS
    ? faulty(`must be an e-mail address of at most ${MAX_ADDRESS} bytes`)
    : { readable: true, address };
}

function faulty(fault: string): ReadMailAddress {
  return { readable: false, fault };
}

function isDotAtom(local: string): boolean {
  return local.split('.').every((atom) => ATOM.test(atom));
}

function asciiDomain(domain: string, localHosts: boolean): string | undefined {
  // Looked at first: the conversion is that of URLs, which drops or decodes some characters.
  if (OTHER_THAN_DOMAIN.test(domain)) return undefined;
  const isAscii = /^\p{ASCII}+$/u.test(domain);
  const ascii = isAscii ? domain : domainToASCII(domain);
  const labels = ascii.split('.');
  if (ascii.length > MAX_DOMAIN || !labels.every((label) => LABEL.test(label))) return undefined;
  if (!TOP_LABEL.test(labels.at(-1) ?? '')) return undefined;
  if (labels.length === 1 && !localHosts) return undefined;
  // An ASCII form that no domain has, or that is not the one form of its domain.
  if (ascii.includes('xn--') && domainToASCII(domainToUnicode(ascii)) !== ascii) return undefined;
  if (labels.some((label) => label.startsWith('xn--') && domainToUnicode(label) === label)) return undefined;
  return ascii;
}
