// Anything that a parser drops or changes in silence: blanks of every kind, controls, invisible characters, backslashes.
const REPAIRED = /[\s\p{Cc}\p{Cf}\p{Cs}\\]/u;
const PARTS = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?#@]*@)?(\[[^\]/?#]*\]|[^/?#:@]+)(?::(\d+))?(?:[/?#]|$)/i;

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Reads an absolute URL with a host, as it came: what the parser of the URL standard would have to repair is none. So
 * the URL that was looked at is the one that is used, whoever reads it next (security.md, rule 11).
 *
 * @returns `undefined` for `http:host`, `http:///host`, `http://h\@other`, `http://@host`, `http://0x7f.1`, line ends, blanks, and
 * whatever else is no URL
 */
export function plainUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  const [, , host = '', port] = PARTS.exec(text) ?? [];
  if (url === null || host === '' || REPAIRED.test(text)) return undefined;
  // An empty name and password vanish: `https://@host`, `https://:@host`.
  if (url.username === '' && url.password === '' && /^[^/]*\/\/[^/?#]*@/.test(text)) return undefined;
  if (port !== undefined && port !== (url.port === '' ? DEFAULT_PORTS[url.protocol] : url.port))
    return undefined;
  return isPlainHost(host, url.hostname) ? url : undefined;
}

// A name of other letters becomes its punycode, and an IPv6 address its shortest form; an IPv4 address has one form.
function isPlainHost(written: string, parsed: string): boolean {
  if (written.includes('%')) return false;
  return (
    written.startsWith('[') || /[^\0-\x7f]/.test(written) || written.toLowerCase() === parsed.toLowerCase()
  );
}
