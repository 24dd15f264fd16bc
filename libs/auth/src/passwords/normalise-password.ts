/**
 * A password in the one form that is counted, compared and hashed: Unicode NFKC, so that the same password typed on
 * another keyboard or system is the same bytes (NIST SP 800-63B-4 section 3.1.1.2).
 */
export function normalisePassword(password: string): string {
  return password.normalize('NFKC');
}
