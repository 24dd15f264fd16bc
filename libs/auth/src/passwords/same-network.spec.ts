import { describe, expect, it } from 'vitest';
import { sameNetwork } from './same-network.js';

describe('sameNetwork', () => {
  it('tells IPv4 addresses apart by all of their bits', () => {
    expect(sameNetwork('203.0.113.7', '203.0.113.7')).toBe(true);
    expect(sameNetwork('203.0.113.7', '203.0.113.8')).toBe(false);
  });

  it('takes all addresses of an IPv6 /64 for one, however they are spelled', () => {
    expect(sameNetwork('2001:db8:0:1::1', '2001:db8:0:1:ffff:ffff:ffff:ffff')).toBe(true);
    expect(sameNetwork('2001:db8::1', '2001:0db8:0000:0000:0000:0000:0000:0002')).toBe(true);
  });

  it('tells neighbouring /64 networks apart', () => {
    expect(sameNetwork('2001:db8:0:1::1', '2001:db8:0:2::1')).toBe(false);
  });

  it('reads an IPv4 address through its IPv6 form, and never takes two of those for one network', () => {
    expect(sameNetwork('::ffff:203.0.113.7', '203.0.113.7')).toBe(true);
    expect(sameNetwork('::ffff:203.0.113.7', '::ffff:203.0.113.8')).toBe(false);
  });

  it('does not mind a zone', () => {
    expect(sameNetwork('fe80::1%eth0', 'fe80::2%wlan0')).toBe(true);
  });

  it('takes what is no address for itself only', () => {
    expect(sameNetwork('unknown', 'unknown')).toBe(true);
    expect(sameNetwork('unknown', '2001:db8::1')).toBe(false);
  });
});
