import { plainUrl } from '@countersign/core';
import { isDecodable } from '../outbound-url.js';

/** Where a URL names no port: submission with STARTTLS, and submission over TLS (RFC 8314 section 3). */
const PORTS = { 'smtp:': 587, 'smtps:': 465 } as const;
/** Ports whose servers begin in clear (RFC 5321, RFC 6409). */
const CLEAR_AT_FIRST = [25, 587];

/** Parameters that other programs read; only these are repeated, because in a wrong URL others may be a password. */
const KNOWN_PARAMETERS = [
  ...['secure', 'ssl', 'tls', 'starttls', 'encryption', 'ignoreTLS', 'requireTLS', 'rejectUnauthorized'],
  ...['pool', 'maxConnections', 'name', 'auth', 'authMethod', 'logger', 'debug', 'timeout', 'verify_peer'],
];

/** A server that takes mail. */
export interface SmtpServer {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** TLS from the start. */
  readonly secure: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | undefined;
}

/**
 * What is wrong with an `SMTP_URL`.
 * @returns a sentence that says what to write instead, and repeats no secret; `undefined` where nothing is wrong
 */
export function smtpUrlFault(text: string): string | undefined {
  const url = plainUrl(text);
  if (url === undefined || !(url.protocol in PORTS) || url.hostname === '' || !isDecodable(url)) {
    return 'expected smtp://user:password@host:587 or smtps://…, user and password URL-encoded';
  }
  if (url.search !== '') return parametersFault(url);
  if (url.hash !== '') return 'nothing after # is read; in a user or password, # is written %23';
  if (url.pathname !== '' && url.pathname !== '/') {
    return 'no path is read; in a user or password, / is written %2F';
  }
  return portFault(smtpServerOf(text));
}

/** Reads an `SMTP_URL` in which nothing is wrong. */
export function smtpServerOf(text: string): SmtpServer {
  const { protocol, hostname, port, username, password } = new URL(text);
  const secure = protocol === 'smtps:';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? PORTS[secure ? 'smtps:' : 'smtp:'] : Number(port),
    secure,
    auth:
      username === ''
        ? undefined
        : { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
  };
}

function parametersFault({ searchParams }: URL): string {
  const known = [...searchParams.keys()].filter((name) => KNOWN_PARAMETERS.includes(name));
  const named = known.length > 0 ? ` (${known.join(', ')})` : '';
  return `no parameters are read${named}: smtps:// is TLS from the start, smtp:// is upgraded with STARTTLS; in a user or password, ? is written %3F`;
}

function portFault({ port, secure }: SmtpServer): string | undefined {
  if (secure && CLEAR_AT_FIRST.includes(port)) {
    return `servers at port ${port} begin in clear and are upgraded: write smtp://…:${port}, or smtps://…:465`;
  }
  if (!secure && port === 465) {
    return 'servers at port 465 speak TLS from the start: write smtps://…:465, or smtp://…:587';
  }
  return undefined;
}
