import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalDetails, detailsHash } from './details-hash.js';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('base64url');

const hashOf = (details: Record<string, unknown>): string => detailsHash(canonicalDetails(details));

describe('the hash of details', () => {
  it('is the SHA-256 of the canonical form of RFC 8785, section 3.2.2', () => {
    const details = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
                  "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    ) as Record<string, unknown>;
    const canonical = String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`;
    expect(hashOf(details)).toBe(sha256(canonical));
  });

  it('does not depend on the order in which keys were sent', () => {
    expect(hashOf({ to: 'DE89', amount: { value: 5, currency: 'EUR' } })).toBe(
      hashOf({ amount: { currency: 'EUR', value: 5 }, to: 'DE89' }),
    );
  });

  it('differs for every other value', () => {
    const hashes = [{}, { a: 1 }, { a: '1' }, { a: null }, { a: [1] }, { a: 1, b: null }].map(hashOf);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
