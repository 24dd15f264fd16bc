import { TOTP } from 'otpauth';

/** What a key URI says. `secret` in base32, `period` in seconds, the names as people write them. */
export interface KeyUriParts {
  readonly issuer: string;
  readonly account: string;
  readonly secret: string;
  readonly algorithm: string;
  readonly digits: number;
  readonly period: number;
}

// Longest percent-encoded forms. With them the URI stays under 800 bytes, a QR code that a phone still reads;
// every e-mail address (254 characters) fits whole.
const ISSUER_LIMIT = 180;
const ACCOUNT_LIMIT = 300;

/** Stands in for an issuer that consists of nothing but separators. */
const NAMELESS = 'Countersign';

/**
 * Writes the URI that authenticator apps import
 * (https://github.com/google/google-authenticator/wiki/Key-Uri-Format).
 *
 * @returns `otpauth://totp/Issuer:account?…`; names too long for a readable QR code are cut and end in `…`
 */
export function keyUri(parts: KeyUriParts): string {
  return new TOTP({
    issuer: fitEncoded(withoutColon(parts.issuer), ISSUER_LIMIT) || NAMELESS,
    label: fitEncoded(wellFormed(parts.account).replaceAll(':', ' '), ACCOUNT_LIMIT),
    secret: parts.secret,
    algorithm: parts.algorithm,
    digits: parts.digits,
    period: parts.period,
  }).toString();
}

// Apps split the label at its first colon, or at its last, encoded or not: neither part may hold one (Key URI Format,
// "Label").
function withoutColon(issuer: string): string {
  return wellFormed(issuer)
    .replace(/[\s:]+/g, ' ')
    .trim();
}

// encodeURIComponent throws on half a surrogate pair.
function wellFormed(name: string): string {
  return name.replace(/\p{Surrogate}/gu, '\uFFFD');
}

function fitEncoded(name: string, limit: number): string {
  if (encodeURIComponent(name).length <= limit) return name;
  let room = limit - encodeURIComponent('…').length;
  let kept = '';
  for (const character of name) {
    room -= encodeURIComponent(character).length;
    if (room < 0) break;
    kept += character;
  }
  return `${kept}…`;
}
