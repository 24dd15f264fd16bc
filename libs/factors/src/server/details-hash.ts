import canonicalize from 'canonicalize';
import { createHash } from 'node:crypto';

/**
 * What an assertion says of the details of an action: base64url of the SHA-256 over their canonical form (RFC 8785,
 * the JSON Canonicalization Scheme), so that both sides come to the same whatever the order of their keys.
 *
 * @param details a JSON object, as it was parsed
 */
export function detailsHash(details: Readonly<Record<string, unknown>>): string {
  return createHash('sha256')
    .update(canonicalize(details) ?? '')
    .digest('base64url');
}
