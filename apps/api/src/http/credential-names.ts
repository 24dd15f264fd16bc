import { Problem } from '@countersign/core';
import type { Access } from './access.decorator.js';
import type { Credential } from './request.js';

const NAMES = { access: 'an access token', temp: 'a temp token', key: 'an API key' } as const;

/** Kinds of tokens that open no route by being sent as a bearer token, by what they begin with. */
const OTHERS: readonly (readonly [string, string])[] = [
  ['rft_', 'a refresh token'],
  ['dvt_', 'a device token'],
  ['clt_', 'a client token'],
  ['apv_', 'an approval token'],
  ['whsec_', 'a webhook secret'],
];

/** What a text that opens nothing looks like. */
export function lookOf(text: string): string {
  const other = OTHERS.find(([prefix]) => text.startsWith(prefix));
  if (other !== undefined) return other[1];
  const [header, , signature, ...more] = text.split('.');
  if (header === undefined || signature === undefined || more.length > 0) return 'an unknown token';
  return isAssertion(header) ? 'an assertion' : 'an access token that is not valid or has expired';
}

// Only for the words of a refusal: nothing is let in by it.
function isAssertion(header: string): boolean {
  return Buffer.from(header, 'base64url').toString('latin1').includes('2fa-assertion+jwt');
}

/**
 * The problem of a credential that a route does not take, which names both.
 * @param takes kinds that the route takes; not empty
 */
export function wrongCredential(
  credential: Exclude<Credential, { kind: 'none' }>,
  takes: Access['takes'],
): Problem {
  const wanted = takes.map((kind) => NAMES[kind]).join(' or ');
  if (credential.kind === 'several') {
    return new Problem('invalid_token', {
      detail: `Two different credentials came, in X-API-Key and Authorization or twice in one: send one. This route takes ${wanted}.`,
    });
  }
  const came = cameAs(credential);
  return new Problem('invalid_token', {
    detail: `${came.charAt(0).toUpperCase()}${came.slice(1)} came; this route takes ${wanted}.`,
  });
}

function cameAs(credential: Exclude<Credential, { kind: 'none' | 'several' }>): string {
  if (credential.kind === 'invalid') return credential.came;
  return credential.kind === 'invalid-key' ? NAMES.key : NAMES[credential.kind];
}
