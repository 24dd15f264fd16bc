import { readMailAddress } from '@countersign/factor-kit';
import { domainToUnicode } from 'node:url';

/**
 * The one form in which an address is stored, compared and counted: that of `readMailAddress`. A text that is no address
 * stays as it is, trimmed and in lower case: accounts of earlier versions may be called so.
 */
export function canonicalEmail(text: string): string {
  const read = readMailAddress(text, { localHosts: true });
  return read.readable ? read.address : asTyped(text);
}

/**
 * Every form in which an address may be stored: as it is typed, which is how earlier versions stored it, the canonical
 * form, and those that differ in the spelling of the domain or in composed letters. Almost always there is one.
 * @returns the likeliest first
 */
export function emailSpellings(text: string): string[] {
  const typed = asTyped(text);
  if (/^[\x21-\x7e]*$/.test(typed) && !typed.includes('xn--')) return [typed];
  const canonical = canonicalEmail(text);
  const at = canonical.lastIndexOf('@');
  const [local, domain] = [canonical.slice(0, at), canonical.slice(at + 1)];
  const unicode = domainToUnicode(domain);
  const spellings = [local, local.normalize('NFD')].flatMap((part) =>
    [domain, unicode, unicode.normalize('NFD')].map((host) => `${part}@${host}`),
  );
  return [...new Set(at < 1 ? [typed, canonical] : [typed, canonical, ...spellings])];
}

/**
 * The spellings of an address beside its own, under which accounts of earlier versions may be stored: the unique index
 * does not know that they are one. Almost always there is none.
 */
export function otherSpellings(email: string): string[] {
  return emailSpellings(email).filter((spelling) => spelling !== email);
}

function asTyped(text: string): string {
  return text.trim().toLowerCase();
}
