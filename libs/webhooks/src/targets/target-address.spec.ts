import { describe, expect, it } from 'vitest';
import { networkOf, touchesLinkLocal } from './network.js';
import { reachOf } from './target-address.js';

const LOCAL = ['127.0.0.0/8', '10.0.0.0/8', '::1/128'].map(networkOf);

describe('the address of a webhook', () => {
  it.each(['93.184.216.34', '1.1.1.1', '2606:4700:4700::1111', '::ffff:93.184.216.34'])(
    'is public: %s',
    (address) => {
      expect(reachOf(address, [])).toBe('public');
    },
  );

  it.each([
    ...['127.0.0.1', '0.0.0.0', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
    ...['224.0.0.1', '255.255.255.255', '240.0.0.1', '192.0.2.1', '198.18.0.1', '192.88.99.1'],
    ...['::1', '::', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd12::1', 'ff02::1', '2001:db8::1'],
    ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', '64:ff9b::7f00:1', '2002:7f00:1::1'],
    ...['2001:0:4136:e378:8000:63bf:3fff:fdd2', '::127.0.0.1', 'not an address', ''],
  ])('is none that may be called: %s', (address) => {
    expect(reachOf(address, [])).toBe('refused');
  });

  it('may be called in a network that the operator lets in, however it is spelled, and in no other', () => {
    for (const address of ['127.0.0.1', '127.9.9.9', '10.0.0.1', '::1', '::ffff:127.0.0.1']) {
      expect(reachOf(address, LOCAL)).toBe('private-allowed');
    }
    for (const address of ['192.168.0.1', 'fd00::1', '::2']) expect(reachOf(address, LOCAL)).toBe('refused');
  });

  it('may be let in by its IPv6 form', () => {
    const mapped = ['::ffff:10.0.0.0/104', '::ffff:c0a8:1/128'].map(networkOf);
    expect(['10.9.9.9', '192.168.0.1', '::ffff:10.0.0.1'].map((text) => reachOf(text, mapped))).toEqual(
      Array.from({ length: 3 }, () => 'private-allowed'),
    );
    expect(['11.0.0.1', '192.168.0.2'].map((text) => reachOf(text, mapped))).not.toContain('private-allowed');
  });

  it('is never link-local, whatever the operator says', () => {
    expect(reachOf('169.254.169.254', [networkOf('0.0.0.0/0')])).toBe('refused');
    expect(
      ['169.254.0.0/16', '::ffff:169.254.0.0/112', '0.0.0.0/0', 'fe80::/64', '::/0'].map(touchesLinkLocal),
    ).toEqual(Array.from({ length: 5 }, () => true));
    expect(['127.0.0.0/8', 'fd00::/8'].map(touchesLinkLocal)).toEqual([false, false]);
  });
});
