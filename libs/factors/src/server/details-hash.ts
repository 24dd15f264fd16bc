import canonicalize from 'canonicalize';
import { createHash } from 'node:crypto';

/**
 * The canonical form of an action's details (RFC 8785, the JSON Canonicalization Scheme), in which both sides come to
 * the same whatever the order of their keys.
 *
 * @param details a JSON object, as it was parsed; its numbers are finite
 */
export function canonicalDetails(details: Readonly<Record<string, unknown>>): string {
  return canonicalize(details) ?? '';
}

/** What an assertion says of an action's details: base64url of the SHA-256 over their canonical form. */
export function detailsHash(canonical: string): string {
  return createHash('sha256').update(canonical).digest('base64url');
}
