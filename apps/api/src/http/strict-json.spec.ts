import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '@countersign/core';
import { parseStrictJson } from './strict-json.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The code of the problem that a body is refused with; `undefined` where it is taken. */
function refusal(body: Uint8Array): string | undefined {
  try {
    parseStrictJson(body);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

const inherited = new Set(['prototype', ...Object.getOwnPropertyNames(Object.prototype)]);
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((each) => !each.includes('\0'));
const key = text.filter((each) => !inherited.has(each));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 8 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

/** JSON of a value with its texts spelled in whatever way, and white space in whatever place. */
const spelled = fc
  .tuple(value, fc.constantFrom('', ' ', '\n\t'), fc.boolean())
  .map(([of, space, escaped]) => {
    const json = JSON.stringify(of, null, space);
    return escaped
      ? json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      : json;
  });

describe('parseStrictJson', () => {
  it('reads what JSON.parse reads, where no key is repeated', () => {
    fc.assert(
      fc.property(spelled, (json) => {
        expect(parseStrictJson(bytes(json))).toEqual(JSON.parse(json));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what JSON.parse refuses, and never fails in another way', () => {
    const likelyJson = fc.string({ unit: fc.constantFrom(...'{}[]",:\\ tfn0-e.u1\u0000\n'), maxLength: 12 });
    fc.assert(
      fc.property(likelyJson, (json) => {
        if (!isJson(json)) expect(refusal(bytes(json))).toBe('malformed_request');
        else refusal(bytes(json));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes any bytes without failing in another way than by its problem', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (body) => void refusal(body)),
      { numRuns: 1_000 },
    );
  });

  it('refuses an object that repeats a key, however deep and however it is spelled', () => {
    fc.assert(
      fc.property(key, value, value, fc.integer({ min: 0, max: 6 }), (name, one, other, depth) => {
        const escaped = `"${[...name].map(escapedUnits).join('')}"`;
        const object = `{${JSON.stringify(name)}:${JSON.stringify(one)},${escaped}:${JSON.stringify(other)}}`;
        const json = `${'{"a":['.repeat(depth)}${object}${']}'.repeat(depth)}`;
        expect(refusal(bytes(json))).toBe('malformed_request');
      }),
    );
  });

  it('takes one key in several objects, and a text that looks like a repeated key', () => {
    const json = '{"a":{"b":1},"c":{"b":1},"d":[{"b":1},{"b":1}],"e":"\\"b\\":1,\\"b\\":1"}';
    expect(parseStrictJson(bytes(json))).toEqual(JSON.parse(json));
  });

  it.each([
    ['16 levels', `${'['.repeat(16)}${']'.repeat(16)}`, undefined],
    ['17 levels', `${'['.repeat(17)}${']'.repeat(17)}`, 'malformed_request'],
    ['brackets in a text', `"${'['.repeat(40)}"`, undefined],
    ['64 fields', fields(64), undefined],
    ['65 fields', fields(65), 'malformed_request'],
    ['an escaped NUL', '"\\u0000"', 'malformed_request'],
    ['a lone surrogate', '"\\ud83d"', 'malformed_request'],
    ['surrogates the wrong way round', '"\\udca9\\ud83d"', 'malformed_request'],
    ['a pair of surrogates', '"\\ud83d\\udca9"', undefined],
    ['a byte order mark', '\ufeff{}', 'malformed_request'],
    ['nothing', '', 'malformed_request'],
  ])('bounds and texts: %s', (_what, json, code) => {
    expect(refusal(bytes(json))).toBe(code);
  });

  it('takes a number where the double that it becomes is written with the same value, and no other', () => {
    const digits = fc.bigInt(-(10n ** 19n), 10n ** 19n);
    fc.assert(
      fc.property(digits, fc.integer({ min: -30, max: 30 }), (integer, exponent) => {
        const written = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(
          String(Number(`${integer}e${exponent}`)),
        );
        const [, sign, whole, fraction = '', power = '0'] = written ?? [];
        const shortest = {
          integer: BigInt(`${sign}${whole}${fraction}`),
          exponent: Number(power) - fraction.length,
        };
        const scaled = (one: { integer: bigint; exponent: number }): bigint =>
          one.integer * 10n ** BigInt(one.exponent + 100);
        const same = scaled({ integer, exponent }) === scaled(shortest);
        expect(refusal(bytes(`[${integer}e${exponent}]`))).toBe(same ? undefined : 'validation_failed');
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ...['0', '-0', '0.0', '0e999', '1e+2', '0.1', '19.990', '9007199254740992', '1e23', '5e-324'],
    '1.7976931348623157e308',
  ])('takes the number %s', (number) => {
    expect(refusal(bytes(`{"a":[{"b":${number}}]}`))).toBeUndefined();
  });

  it('takes a number with thousands of zeros at its end, and refuses one with as many before its end', () => {
    expect(refusal(bytes(`[1.${'0'.repeat(50_000)}]`))).toBeUndefined();
    expect(refusal(bytes(`[0.${'0'.repeat(50_000)}1]`))).toBe('validation_failed');
    expect(refusal(bytes(`[1${'0'.repeat(50_000)}]`))).toBe('validation_failed');
  });

  it.each([
    ...['9007199254740993', '-9007199254740993', '1e400', '-1e400', '1e-400', '3e-324'],
    ...['0.10000000000000001', '333333333.33333329', '1152921504606846976'],
  ])('refuses the number %s, and says where it stands', (number) => {
    expect(() => parseStrictJson(bytes(`{"x":[0,1],"a":[{"z":1},{"b":${number}}]}`))).toThrow(
      expect.objectContaining({
        code: 'validation_failed',
        errors: [{ path: 'a.1.b', message: 'cannot be held exactly by a double: send it as a string' }],
      }),
    );
  });

  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'refuses the key %s',
    (name) => {
      expect(refusal(bytes(`{"a":{"${name}":1}}`))).toBe('malformed_request');
      expect(refusal(bytes(`{"a":"${name}"}`))).toBeUndefined();
    },
  );

  it.each([
    [0xff, 0xfe],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
  ])('refuses bytes that are not UTF-8', (...units) => {
    expect(refusal(Uint8Array.of(0x22, ...units, 0x22))).toBe('malformed_request');
  });
});

function isJson(json: string): boolean {
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

function escapedUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

function fields(count: number): string {
  return JSON.stringify(
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, index])),
  );
}
