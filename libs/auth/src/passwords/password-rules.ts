import { isCommonPassword } from './common-passwords.js';
import { normalisePassword } from './normalise-password.js';
import { isBuiltFrom, type PasswordOwner } from './personal-passwords.js';

const LEAST = 10;
const MOST = 128;

/** Why a password is refused, in the form of a problem's `errors`. */
export interface PasswordReason {
  readonly path: 'password';
  readonly message: string;
}

/** Why a password is refused. */
export interface RefusedPassword {
  readonly accepted: false;
  /** A malformed request (400); the other refusals are of a well-formed one (422). */
  readonly tooLong: boolean;
  readonly reasons: readonly PasswordReason[];
}

/** The outcome of the password rules. */
export type PasswordRuling = { readonly accepted: true } | RefusedPassword;

/**
 * Holds a new password against the rules: 10 to 128 characters, not among common ones, not built from its owner's
 * e-mail address or name. There are no composition rules (NIST SP 800-63B-4 section 3.1.1.2, OWASP ASVS 5.0 V6.2).
 * Characters are Unicode code points after NFKC.
 * @returns every reason at once; for a password that is too long only that one. Never throws.
 */
export function checkPassword(password: string, owner: PasswordOwner): PasswordRuling {
  const normal = normalisePassword(password);
  const length = [...normal].length;
  // Nothing below has to bear a text of any length.
  if (length > MOST) return refused(true, [`must have at most ${MOST} characters`]);

  const folded = fold(normal);
  const messages: string[] = [];
  if (length < LEAST) messages.push(`must have at least ${LEAST} characters`);
  if (isCommonPassword(folded))
    messages.push('is too easy to guess: it is, or hardly differs from, a common password');
  if (isBuiltFrom(owner, folded, fold)) messages.push('must not be built from your e-mail address or name');
  return messages.length === 0 ? { accepted: true } : refused(false, messages);
}

function refused(tooLong: boolean, messages: readonly string[]): PasswordRuling {
  return { accepted: false, tooLong, reasons: messages.map((message) => ({ path: 'password', message })) };
}

/** Lower case can undo NFKC for a few letters, so that it is done again. */
function fold(text: string): string {
  return normalisePassword(normalisePassword(text).toLowerCase());
}
