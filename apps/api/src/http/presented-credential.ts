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
export function presentedBy(request: IncomingMessage): Presented {
  const { authorization, 'x-api-key': apiKey } = request.headers;
  // Of several `Authorization` headers Node keeps the first; others it joins with commas.
  const repeated = authorization !== undefined && occurrences(request.rawHeaders, 'authorization') > 1;
  if (repeated || (apiKey !== undefined && (authorization !== undefined || apiKey.includes(',')))) {
    return oneOf(request);
  }
  if (apiKey !== undefined) return { kind: 'key', text: String(apiKey) };
  if (authorization === undefined) return { kind: 'none' };
  const text = BEARER.exec(authorization)?.[1];
  return text === undefined ? { kind: 'other' } : { kind: 'bearer', text };
}

function oneOf({ headersDistinct }: IncomingMessage): Presented {
  const keys = (headersDistinct['x-api-key'] ?? []).flatMap((value) => value.split(/, */));
  const bearers = (headersDistinct['authorization'] ?? []).map((value) => BEARER.exec(value)?.[1]);
  const texts = new Set([...keys, ...bearers]);
  const [text] = texts;
  if (texts.size > 1) return { kind: 'several' };
  if (text === undefined) return { kind: 'other' };
  return { kind: keys.length > 0 ? 'key' : 'bearer', text };
}
