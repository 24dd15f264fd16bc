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
    // As they are pasted.
    ['\u202a+995 555 10 20 77\u202c', '+995555102077'],
    ['\u2066+995\u200e555\u200b102077\u2069', '+995555102077'],
    ['+49 151/2345678', '+491512345678'],
    ['+49\u2011151\u2013234\u22125678', '+491512345678'],
    ['+49\u00a0151\u202f2345678', '+491512345678'],
    ['(+49) 151 2345678', '+491512345678'],
    ['tel:+49-151-2345678', '+491512345678'],
    ['TEL: +491512345678', '+491512345678'],
    ['0049 151 2345678', '+491512345678'],
    ['00 (49) 151 2345678', '+491512345678'],
    // In digits of other scripts.
    ['＋４９１５１２３４５６７８', '+491512345678'],
    ['+٤٩ ١٥١ ٢٣٤٥٦٧٨', '+491512345678'],
    ['۰۰۹۸ ۹۱۲ ۳۴۵ ۶۷۸۹', '+989123456789'],
    ['+९१ ९८७६५ ४३२१०', '+919876543210'],
    // The 1 that Mexico dropped.
    ['+52 1 55 1234 5678', '+525512345678'],
    ['+52 55 1234 5678', '+525512345678'],
  ])('%s is kept as %s', (spelled, kept) => {
    expect(addressed(spelled)).toBe(kept);
  });

  it.each([
    '',
    '+',
    '4155550167',
    '00',
    '000491512345678',
    '+1',
    '+999999999',
    '+1 415 555 0167 ext. 5',
    '+1 415 555 0167;ext=5',
    '+1 415 55O O167',
  ])('%s is none', (text) => {
    expect(addressed(text)).toBeUndefined();
  });

  it.each(['4155550167', '(0151) 2345678', '٠١٥١٢٣٤٥٦٧٨'])(
    '%s misses its country code, and is told so',
    (text) => {
      expect(factor.input.safeParse({ phoneNumber: text }).error?.issues).toMatchObject([
        { path: ['phoneNumber'], message: 'must begin with + and the country code, such as +14155550167' },
      ]);
    },
  );

  it('never makes the schema or the provider throw, and is in one form or none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 70 }),
          fc.stringMatching(/^(?:\+|00|\+52)[0-9 ()./\u2011\u200b\u0660-\u0669-]{0,34}$/),
        ),
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
