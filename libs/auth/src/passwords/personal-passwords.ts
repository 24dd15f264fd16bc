import { domainToUnicode } from 'node:url';
import { undecorated } from './undecorated.js';

/** Shorter words turn up in good passwords by chance. */
const LEAST_WORD = 4;

/** Shorter than this, a password with nothing else but digits is not the owner's word any more. */
const LEAST_BARE = 3;

const SEPARATORS = /[^\p{L}\p{N}]+/gu;

/** Whose password it is. */
export interface PasswordOwner {
  readonly email: string;
  readonly displayName?: string | null | undefined;
}

/**
 * Tells whether a password is built from what is publicly known of its owner (NIST SP 800-63B-4 section 3.1.1.2):
 * words of the e-mail address or the name, of four characters or more, forwards or backwards, make up at least half of
 * it; or it is nothing but such a word, of three letters or more, with digits or punctuation around it.
 * @param folded the password, lower-case NFKC, of bounded length
 * @param fold gives the owner's texts the same form
 */
export function isBuiltFrom(owner: PasswordOwner, folded: string, fold: (text: string) => string): boolean {
  const words = wordsOf(owner, fold).flatMap((word) => [word, reversed(word)]);
  const bare = undecorated(folded);
  if (bare.length >= LEAST_BARE && words.some((word) => undecorated(word) === bare)) return true;
  const covered = coveredBy(words, folded);
  return covered > 0 && covered * 2 >= folded.length;
}

/** The address, its local part, each label of its domain but the last, the name; whole, in pieces, without separators. */
function wordsOf({ email, displayName }: PasswordOwner, fold: (text: string) => string): string[] {
  const address = fold(email);
  const at = address.lastIndexOf('@');
  const local = at === -1 ? address : address.slice(0, at);
  const labels =
    at === -1
      ? []
      : // Domains are kept in punycode, and known by their letters.
        [address.slice(at + 1), domainToUnicode(address.slice(at + 1))].flatMap((domain) =>
          domain.split('.').slice(0, -1),
        );
  const [untagged = ''] = local.split('+');
  const name = fold(displayName ?? '');
  const pieces = [local, name].flatMap((text) => text.split(SEPARATORS));
  const joined = [local, untagged, name].map((text) => text.replaceAll(SEPARATORS, ''));
  return [address, local, ...labels, ...pieces, ...joined];
}

/** How many characters of the password the words cover together, the longest words first. */
function coveredBy(words: readonly string[], folded: string): number {
  const longestFirst = words.filter((word) => word.length >= LEAST_WORD).sort((a, b) => b.length - a.length);
  const left = longestFirst.reduce((rest, word) => rest.flatMap((text) => text.split(word)), [folded]);
  return folded.length - left.join('').length;
}

function reversed(text: string): string {
  return [...text].reverse().join('');
}
