import type { IncomingMessage } from 'node:http';
import { occurrences } from './raw-headers.js';

/** What a request brought to be let in by, before anybody has looked at what it is worth. */
export type Presented =
  | { readonly kind: 'none' }
  /** Two that differ: two checks may look at different ones (RFC 6750 section 2). */
  | { readonly kind: 'several' }
  | { readonly kind: 'key'; readonly text: string }
  | { readonly kind: 'bearer'; readonly text: string }
  /** An `Authorization` header that is no bearer token. */
  | { readonly kind: 'other' };

// RFC 6750 section 2.1; the scheme's name is case-insensitive (RFC 9110 section 11.1).
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** Reads `X-API-Key` and `Authorization`. The same credential in both, or twice in one, counts once. */
export function presentedBy({ headers, headersDistinct, rawHeaders }: IncomingMessage): Presented {
  const { authorization, 'x-api-key': apiKey } = headers;
  if (apiKey === undefined && authorization === undefined) return { kind: 'none' };
  // Of several `Authorization` headers Node keeps the first; others it joins with commas.
  const authorizations =
    authorization !== undefined && occurrences(rawHeaders, 'authorization') > 1
      ? (headersDistinct['authorization'] ?? [])
      : [authorization];
  const keys = apiKey === undefined ? [] : String(apiKey).split(', ');
  const bearers = authorizations.map((text) =>
    text === undefined ? undefined : (BEARER.exec(text)?.[1] ?? null),
  );
  const texts = new Set([...keys, ...bearers].filter((text) => text !== undefined));
  const [text] = texts;
  if (texts.size > 1) return { kind: 'several' };
  if (typeof text !== 'string') return { kind: 'other' };
  return { kind: keys.length > 0 ? 'key' : 'bearer', text };
}
