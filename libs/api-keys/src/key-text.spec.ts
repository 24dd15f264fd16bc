import { newId, publicId } from '@countersign/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyDigest, keyPrefix, mintKey, parseKey } from './key-text.js';

const ID = newId(new Date('2026-11-27T00:00:00.000Z'));

describe('the text of an API key', () => {
  it('names the key in clear, carries 256 random bits and ends with a checksum', () => {
    const text = mintKey(ID).key.reveal();
    expect(text).toMatch(/^cs_[0-9a-z]{26}_[0-9A-Za-z]{49}$/);
    expect(text.startsWith(`cs_${publicId('key', ID).slice(4)}_`)).toBe(true);
    expect(text.startsWith(keyPrefix(ID))).toBe(true);
    expect(mintKey(ID).key.reveal()).not.toBe(text);
  });

  it('is read back to its id and the digest that is kept', () => {
    const { key, digest } = mintKey(ID);
    expect(parseKey(key.reveal())).toBe(ID);
    expect(keyDigest(key.reveal())).toEqual(digest);
  });

  it('tells every typo of one character from a key', () => {
    const text = mintKey(ID).key.reveal();
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const typed = `${text.slice(0, at)}${character}${text.slice(at + 1)}`;
        return typed === text || parseKey(typed) === undefined;
      }),
      { numRuns: 2_000 },
    );
  });

  it('is nothing else, however alike it looks', () => {
    const text = mintKey(ID).key.reveal();
    for (const other of [
      '',
      'cs_',
      text.slice(0, -1),
      `${text}0`,
      ` ${text}`,
      text.toUpperCase(),
      `${text}\n`,
    ]) {
      expect(parseKey(other)).toBeUndefined();
    }
  });

  it('does not print itself', () => {
    const { key } = mintKey(ID);
    expect(`${JSON.stringify({ key })}${String(key)}`).not.toContain(key.reveal());
  });
});
