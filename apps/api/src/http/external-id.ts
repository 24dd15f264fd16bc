import { ID_PREFIXES } from '@countersign/core';

const LONGEST_BYTES = 255;

/**
 * What is wrong with a text as an application's own id for a user (api.md, "Factors"): 1 to 255 bytes, no control
 * characters, no path segment that clients resolve, and nothing that reads like an id of ours.
 *
 * @returns `undefined` where nothing is
 */
export function externalIdFault(text: string): string | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0 || bytes > LONGEST_BYTES) return `must have 1 to ${LONGEST_BYTES} bytes`;
  if (/\p{Cc}/u.test(text)) return 'must not contain control characters';
  if (/\p{Cs}/u.test(text)) return 'must be well-formed Unicode';
  if (text === '.' || text === '..') return 'must not be . or ..';
  const prefix = ID_PREFIXES.find((reserved) => text.startsWith(`${reserved}_`));
  return prefix === undefined ? undefined : `must not begin with ${prefix}_`;
}

/** The same where the id of a built-in account is welcome, too: it is its `usr_` id. */
export function userNameFault(text: string): string | undefined {
  return text.startsWith('usr_') ? externalIdFault(text.slice('usr_'.length)) : externalIdFault(text);
}
