import { describe, expect, it } from 'vitest';
import { amrOf } from './amr.js';

describe('amrOf', () => {
  it('names the password alone where no factor is enrolled', () => {
    expect(amrOf({ ground: { kind: 'none-enrolled' } })).toEqual(['pwd']);
  });

  it('names the factor’s methods and mfa where one was answered', () => {
    const ground = { kind: 'factor', factorId: 'f', type: 'totp', amr: ['otp'] } as const;
    expect(amrOf({ ground })).toEqual(['pwd', 'otp', 'mfa']);
  });

  it('names no method twice, whatever a provider claims', () => {
    const ground = {
      kind: 'factor',
      factorId: 'f',
      type: 'card',
      amr: ['hwk', 'pwd', 'mfa', 'hwk'],
    } as const;
    expect(amrOf({ ground })).toEqual(['pwd', 'hwk', 'mfa']);
  });

  it('says device, and never mfa, for a trusted device', () => {
    expect(amrOf({ ground: { kind: 'device', deviceId: 'd' } })).toEqual(['pwd', 'device']);
  });
});
