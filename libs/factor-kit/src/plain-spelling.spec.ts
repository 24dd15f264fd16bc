import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainSpelling } from './plain-spelling.js';

describe('a plain spelling', () => {
  it.each([
    ['١٢٣٤٥٦', '123456'],
    ['۱۲۳۴۵۶', '123456'],
    ['१२३४५६', '123456'],
    ['১২৩৪৫৬', '123456'],
    ['๑๒๓๔๕๖', '123456'],
    ['１２３４５６', '123456'],
    // Runs of several styles that touch.
    ['𝟎𝟗𝟘𝟡𝟶𝟿', '090909'],
    ['123\u2011456', '123-456'],
    ['123\u2013456', '123-456'],
    ['123\u2212456', '123-456'],
    ['123\u00a0456', '123 456'],
    ['\u2068123\u200b456\u2069', '123456'],
    ['\u202a+49 151\u202c', '+49 151'],
    ['\ufeff12\u2060\u00ad34', '1234'],
    ['＋４９（１５１）／２', '+49(151)/2'],
    ['７Ｋ３Ｍ', '7K3M'],
  ])('of %j is %j', (spelled, plain) => {
    expect(plainSpelling(spelled)).toBe(plain);
  });

  it('knows every decimal digit of Unicode', () => {
    const digits = Array.from({ length: 0x110000 }, (_, point) => point)
      .filter((point) => point < 0xd800 || point > 0xdfff)
      .map((point) => String.fromCodePoint(point))
      .filter((character) => /^\p{Nd}$/u.test(character));
    expect(digits.length % 10).toBe(0);
    digits.forEach((digit, at) => expect(plainSpelling(digit)).toBe(String(at % 10)));
  });

  it.each(['', '123 456', 'Grüße', 'ABCD-EFGH', '½', '²', '①'])('leaves %j as it is', (text) => {
    expect(plainSpelling(text)).toBe(text);
  });

  it('is plain already', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(plainSpelling(plainSpelling(text))).toBe(plainSpelling(text));
      }),
    );
  });
});
