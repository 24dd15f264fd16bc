import { dictionary } from '@zxcvbn-ts/language-common';
import { undecorated } from './undecorated.js';

/** So many first characters say in which shelf a password stands: a shelf has some fifty, at most a thousand. */
const SHELF = 2;

/** About 49 000 passwords from published breaches, all lower case, as one line each of a thousand texts. */
const COMMON = shelved(dictionary['passwords-common']);

/** A piece of up to this many characters, repeated (`aaaa…`, `abcabc…`), needs no list to be guessed. */
const TRIVIAL_PIECE = 3;

/** Repetitions and sequences that are longer than this are in nobody's first list. */
const LONGEST_PATTERN = 32;

/**
 * Tells whether a password is among the ones that are tried first (NIST SP 800-63B-4 section 3.1.1.2, OWASP ASVS 5.0
 * 6.2.4): a common one itself, one with digits or punctuation around it, one that is repeated, or a sequence.
 * @param folded lower-case NFKC, of bounded length
 */
export function isCommonPassword(folded: string): boolean {
  if (isListed(folded) || isDecorated(folded)) return true;
  return folded.length <= LONGEST_PATTERN && (isRepeated(folded) || isSequence(folded));
}

/** `password2024!`, `test123456`: a common word that is half of it, or that stands beside something as common. */
function isDecorated(folded: string): boolean {
  const word = undecorated(folded);
  if (word === folded || !isListed(word)) return false;
  return word.length * 2 >= folded.length || isListed(folded.replace(word, ''));
}

/** `aaaaaaaaaa`, `hunter2hunter2`, `123456789012`: one piece over and over, the last time perhaps in part. */
function isRepeated(folded: string): boolean {
  for (let period = 1; period < folded.length; period += 1) {
    if (folded.startsWith(folded.slice(period))) {
      return period <= TRIVIAL_PIECE || isListed(folded.slice(0, period));
    }
  }
  return false;
}

/** `0123456789`, `zyxwvutsrq`: each character is the one after, or before, its neighbour. */
function isSequence(folded: string): boolean {
  const codes = Array.from(folded, (character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  return steps.length > 0 && (steps.every((step) => step === 1) || steps.every((step) => step === -1));
}

function isListed(folded: string): boolean {
  return COMMON.get(folded.slice(0, SHELF))?.includes(`\n${folded}\n`) ?? false;
}

/** Empties the list for it: as texts of their own in a set, its passwords are 3 MB of an idle service. */
function shelved(list: string[]): ReadonlyMap<string, string> {
  const shelves = Map.groupBy(list.splice(0), (password) => password.slice(0, SHELF));
  return new Map(Array.from(shelves, ([start, passwords]) => [start, `\n${passwords.join('\n')}\n`]));
}
