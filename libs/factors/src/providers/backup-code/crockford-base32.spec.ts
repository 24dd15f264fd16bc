import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crockfordSpelling, encodeCrockford, groupByFour, normaliseCrockford } from './crockford-base32.js';

const fiveBytes = (number: bigint) => Buffer.from(number.toString(16).padStart(10, '0'), 'hex');

describe('Crockford base32', () => {
  it.each([
    [0n, '00000000'],
    [1n, '00000001'],
    [31n, '0000000Z'],
    [32n, '00000010'],
    [1234n, '0000016J'],
    [0xffffffffffn, 'ZZZZZZZZ'],
    [0x443214c7n, '01234567'],
  ])('writes %i as %s', (number, symbols) => {
    expect(encodeCrockford(fiveBytes(number))).toBe(symbols);
  });

  it('uses each of its 32 symbols for its own value', () => {
    const symbols = Array.from({ length: 32 }, (_, value) =>
      encodeCrockford(fiveBytes(BigInt(value))).at(-1),
    );
    expect(symbols.join('')).toBe('0123456789ABCDEFGHJKMNPQRSTVWXYZ');
  });

  it('writes every number as its digits of base 32', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 10, maxLength: 10 }), (bytes) => {
        const inBase32 = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
          .toString(32)
          .padStart(16, '0');
        // Number.prototype.toString continues its digits with a, b, c…: translate them one by one.
        const translated = inBase32.replace(/[a-v]/g, (digit) =>
          'ABCDEFGHJKMNPQRSTVWXYZ'.charAt(digit.charCodeAt(0) - 'a'.charCodeAt(0)),
        );
        expect(encodeCrockford(bytes)).toBe(translated);
      }),
    );
  });

  it('refuses bytes that do not make whole symbols', () => {
    expect(() => encodeCrockford(new Uint8Array(4))).toThrow(RangeError);
  });

  it('groups by four without a dash at the end', () => {
    expect(groupByFour('ABCDEFGHJKMNPQRS')).toBe('ABCD-EFGH-JKMN-PQRS');
    expect(groupByFour('ABCDE')).toBe('ABCD-E');
  });

  it('reads I and L as 1 and O as 0, in either case, with dashes and spaces anywhere', () => {
    const spelled = ' o0O-1iI lL-abcd--ef\tgh ';
    expect(spelled).toMatch(crockfordSpelling(16));
    expect(normaliseCrockford(spelled)).toBe('00011111ABCDEFGH');
  });

  it.each([
    '0123456',
    '012345678',
    '0123456U',
    'u1234567',
    '0123456*',
    '0123456İ',
    '0123456ı',
    '',
    '--------',
  ])('%j is no spelling of eight symbols', (spelled) => {
    expect(spelled).not.toMatch(crockfordSpelling(8));
  });
});
