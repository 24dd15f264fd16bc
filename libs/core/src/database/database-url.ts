const EXPECTED = 'expected postgres://user:password@host:port/database';
const ENCODED =
  'holds a character that must be percent-encoded: write / as %2F, ? as %3F, # as %23, @ as %40 and % as %25 ' +
  'in the user and the password';

/**
 * What is wrong with DATABASE_URL, without a word of what it holds: a password that is not percent-encoded is cut in two
 * by one of its characters, and its end is then taken for the host.
 *
 * @returns `undefined` where nothing is
 */
export function databaseUrlFault(url: string): string | undefined {
  const scheme = /^postgres(ql)?:\/\//.exec(url)?.[0];
  if (scheme === undefined) return EXPECTED;
  const rest = url.slice(scheme.length);
  const authorityEnd = rest.search(/[/?#]/);
  // The @ of user and password is before the first of these, unless one of these belongs to the password.
  const after = authorityEnd === -1 ? '' : rest.slice(authorityEnd);
  if (after.includes('@') || after.includes('#') || !isDecodable(rest)) return ENCODED;
  return URL.canParse(url)
    ? undefined
    : `${EXPECTED}; in user and password / ? # @ and % must be percent-encoded`;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
