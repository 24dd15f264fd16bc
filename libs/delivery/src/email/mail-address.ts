import { readMailAddress } from '@countersign/factor-kit';

/**
 * An address in the form that mail goes to, its domain in ASCII. Hosts of the operator's own count as well.
 * @returns `undefined` for a text that mail cannot go to: accounts of earlier versions may have such
 */
export function mailable(text: string): string | undefined {
  const read = readMailAddress(text, { localHosts: true });
  return read.readable ? read.address : undefined;
}
