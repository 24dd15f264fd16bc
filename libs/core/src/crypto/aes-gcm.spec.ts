import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unambiguous } from './aes-gcm.js';

describe('unambiguous', () => {
  it('gives different bytes for different lists of texts, however they are cut', () => {
    expect(unambiguous('ab', 'c')).not.toEqual(unambiguous('a', 'bc'));
    expect(unambiguous('a', '')).not.toEqual(unambiguous('a'));
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (one, other) => {
        expect(unambiguous(...one).equals(unambiguous(...other))).toBe(
          JSON.stringify(one) === JSON.stringify(other),
        );
      }),
    );
  });
});
