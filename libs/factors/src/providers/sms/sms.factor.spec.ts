import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SmsFactor } from './sms.factor.js';

const factor = new SmsFactor();

function addressed(phoneNumber: string): string | undefined {
  const parsed = factor.input.safeParse({ phoneNumber });
  return parsed.success ? factor.recipient(factor.address(parsed.data)).to : undefined;
}

describe('a telephone number', () => {
  it.each([
    ['+14155550167', '+14155550167'],
    [' +1 (415) 555-0167 ', '+14155550167'],
    ['+49.151.12345678', '+4915112345678'],
    // A trunk zero that people leave in.
    ['+44 (0)7400 123456', '+447400123456'],
  ])('%s is kept as %s', (spelled, kept) => {
    expect(addressed(spelled)).toBe(kept);
  });

  it.each([
    '',
    '+',
    '4155550167',
    '004915112345678',
    '+1',
    '+999999999',
    '+1 415 555 0167 ext. 5',
    '+１４１５５５５０１６７',
  ])('%s is none', (text) => {
    expect(addressed(text)).toBeUndefined();
  });

  it('never makes the schema or the provider throw, and is in one form or none', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ maxLength: 40 }), fc.stringMatching(/^\+[0-9 ().-]{0,34}$/)),
        (text) => {
          expect(addressed(text) ?? '+1234567').toMatch(/^\+[1-9]\d{6,14}$/);
        },
      ),
    );
  });

  it('fits the schema of what is sealed', () => {
    expect(factor.secret.parse(factor.address({ phoneNumber: '+14155550167' }))).toEqual({
      phoneNumber: '+14155550167',
    });
  });
});
