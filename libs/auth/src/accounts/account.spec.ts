import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseEmail } from './account.js';

describe('normaliseEmail', () => {
  it('trims and lowers the case', () => {
    expect(normaliseEmail(' \tJo.Doe@Example.COM\n')).toBe('jo.doe@example.com');
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const once = normaliseEmail(text);
        expect(normaliseEmail(once)).toBe(once);
      }),
    );
  });
});
