import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalEmail, emailSpellings } from './email-spellings.js';

describe('canonicalEmail', () => {
  it.each([
    [' \tJo.Doe@Example.COM\n', 'jo.doe@example.com'],
    ['x@Müller.de', 'x@xn--mller-kva.de'],
    ['admin@localhost', 'admin@localhost'],
    // What earlier versions took for an address.
    ['"Jo X"@example.com', '"jo x"@example.com'],
  ])('makes %j %j', (text, canonical) => {
    expect(canonicalEmail(text)).toBe(canonical);
  });

  it('of a canonical form is itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(canonicalEmail(canonicalEmail(text))).toBe(canonicalEmail(text));
      }),
    );
  });
});

describe('emailSpellings', () => {
  it('of an address in ASCII are one', () => {
    expect(emailSpellings(' Jo@Example.com ')).toEqual(['jo@example.com']);
  });

  it('hold every form that earlier versions may have stored, the typed one first', () => {
    const spellings = emailSpellings('é@mu\u0308ller.de');
    expect(spellings[0]).toBe('é@mu\u0308ller.de');
    expect(spellings[1]).toBe('é@xn--mller-kva.de');
    for (const local of ['é', 'e\u0301']) {
      for (const domain of ['müller.de', 'mu\u0308ller.de', 'xn--mller-kva.de']) {
        expect(spellings).toContain(`${local}@${domain}`);
        expect(emailSpellings(`${local}@${domain}`).sort()).toEqual([...spellings].sort());
      }
    }
    expect(spellings).toHaveLength(6);
  });

  it('of a text that is no address are that text', () => {
    expect(emailSpellings('"Jo X"@example.com')).toEqual(['"jo x"@example.com']);
    expect(emailSpellings('grüße')).toEqual(['grüße']);
  });
});
