import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitAddress } from './limit-address.js';

describe('limitAddress', () => {
  it('counts an IPv4 address by itself', () => {
    expect(limitAddress('203.0.113.7')).toBe('203.0.113.7');
  });

  it('counts an IPv4 address in its IPv6 form as the IPv4 address', () => {
    expect(limitAddress('::ffff:203.0.113.7')).toBe('203.0.113.7');
    expect(limitAddress('::FFFF:203.0.113.7')).toBe('203.0.113.7');
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['1:2:3:4::', '1:2:3:4::/64'],
    ['1:2:3::5:6:7:8', '1:2:3:0::/64'],
  ])('counts %s by its /64', (address, network) => {
    expect(limitAddress(address)).toBe(network);
  });

  it('gives all hosts of a /64 one count, and another /64 another', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const groups = fc.tuple(group, group, group, group);
    const spelled = (parts: readonly number[]): string => parts.map((part) => part.toString(16)).join(':');
    fc.assert(
      fc.property(groups, groups, groups, (network, host, otherHost) => {
        const counted = limitAddress(spelled([...network, ...host]));
        expect(limitAddress(spelled([...network, ...otherHost]))).toBe(counted);
        const [a, b, c, d] = network;
        expect(limitAddress(spelled([a, b, c, d ^ 1, ...host]))).not.toBe(counted);
      }),
    );
  });

  it('takes what is no address as it is, and never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof limitAddress(text) === 'string'));
  });
});
