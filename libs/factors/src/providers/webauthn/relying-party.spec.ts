import { describe, expect, it } from 'vitest';
import { originsOf, relyingPartyId } from './relying-party.js';

describe('the relying party', () => {
  it.each([
    ['https://app.example.com', 'app.example.com'],
    ['https://example.com:8443', 'example.com'],
    ['http://localhost:3000', 'localhost'],
    // Browsers know no relying party by an address.
    ['http://127.0.0.1:3000', 'localhost'],
    ['http://[::1]:3000', 'localhost'],
  ])('of %s is %s', (origin, rpId) => {
    expect(relyingPartyId([origin, 'https://auth.example.org'])).toBe(rpId);
  });

  it('is known at its own host and below, over https, and at no look-alike', () => {
    const origins = [
      'https://example.com',
      'https://example.com:8443',
      'https://app.example.com',
      'http://example.com',
      'https://notexample.com',
      'https://example.com.evil.test',
      'https://com',
    ];
    expect(originsOf('example.com', origins)).toEqual([
      'https://example.com',
      'https://example.com:8443',
      'https://app.example.com',
    ]);
  });

  it('of this machine is known in clear, by the name that a browser can use', () => {
    expect(
      originsOf('localhost', ['http://127.0.0.1:3000', 'http://localhost:4000', 'https://x.test']),
    ).toEqual(['http://localhost:3000', 'http://localhost:4000']);
  });
});
