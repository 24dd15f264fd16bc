import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMailAddress } from './mail-address.js';

function address(text: string): string | undefined {
  const read = readMailAddress(text);
  return read.readable ? read.address : undefined;
}

describe('an e-mail address', () => {
  it.each([
    ['jo@example.com', 'jo@example.com'],
    [' Jo.Doe@Example.COM\n', 'jo.doe@example.com'],
    ['a&b@example.com', 'a&b@example.com'],
    ["a#/=%~!*{}+'?^_`|$-b@example.com", "a#/=%~!*{}+'?^_`|$-b@example.com"],
    ['é@example.com', 'é@example.com'],
    ['e\u0301@example.com', 'é@example.com'],
    ['📧@example.com', '📧@example.com'],
    ['x@müller.de', 'x@xn--mller-kva.de'],
    ['x@mu\u0308ller.de', 'x@xn--mller-kva.de'],
    ['x@MÜLLER.DE', 'x@xn--mller-kva.de'],
    ['x@XN--MLLER-KVA.de', 'x@xn--mller-kva.de'],
    ['x@straße.de', 'x@xn--strae-oqa.de'],
    ['x@почта.рф', 'x@xn--80a1acny.xn--p1ai'],
    // As input methods for Chinese and Japanese write the full stop.
    ['x@example。com', 'x@example.com'],
  ])('%s is kept as %s', (spelled, kept) => {
    expect(address(spelled)).toBe(kept);
  });

  it.each([`${'x'.repeat(64)}@example.com`, `x@${'y'.repeat(63)}.${'y'.repeat(63)}.${'y'.repeat(63)}.com`])(
    '%s is as long as parts may be',
    (text) => {
      expect(address(text)).toBe(text);
    },
  );

  it.each([
    ['jo'],
    ['jo@'],
    ['@example.com'],
    ['jo@@example.com'],
    ['a@b@example.com'],
    ['jo doe@example.com'],
    ['.jo@example.com'],
    ['jo..doe@example.com'],
    ['jo@localhost'],
    ['jo@example.com.'],
    ['jo@example..com'],
    ['jo@-example.com'],
    ['jo@exa_mple.com'],
    ['jo@example.com,x@y.zz'],
    ['jo@[192.0.2.1]'],
    ['jo@192.0.2.1'],
    ['jo@１９２.0.2.１'],
    ['jo@example%2ecom'],
    ['jo@example.com/x'],
    ['jo@xn--zzzzzzzz.com'],
    [`jo@${'x'.repeat(64)}.com`],
    [`${'x'.repeat(65)}@example.com`],
    [`${'é'.repeat(33)}@example.com`],
    [`${'x'.repeat(64)}@${'y'.repeat(63)}.${'y'.repeat(63)}.${'y'.repeat(59)}.com`],
    ['"jo x"@example.com'],
    ['"a@evil.example"@b.example'],
    // What some mail programs decode (RFC 2047), to whatever address.
    ['=?utf-8?q?jo=40evil.example=3e=00?=@example.com'],
    // A full-width comma is a comma to some.
    ['jo，x@example.com'],
  ])('%j is none', (text) => {
    expect(address(text)).toBeUndefined();
  });

  it.each([
    '\u0000',
    '\u007f',
    '\u00ad',
    '\u200b',
    '\u200d',
    '\u200f',
    '\u202e',
    '\u2068',
    '\u2060',
    '\ufeff',
    '\ufe0f',
  ])('with the invisible character %j is none, wherever it stands', (invisible) => {
    for (const text of [
      `${invisible}jo@example.com`,
      `j${invisible}o@example.com`,
      `jo@exa${invisible}mple.com`,
      `jo@example.com${invisible}`,
    ]) {
      expect(readMailAddress(text)).toEqual({
        readable: false,
        fault: 'must be an e-mail address without invisible characters',
      });
    }
  });

  it('is not looked into where it is far too long', () => {
    const began = performance.now();
    expect(address(`jo@${'ü'.repeat(1_000_000)}.de`)).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it("may be at a host of the operator's", () => {
    expect(readMailAddress('admin@localhost', { localHosts: true })).toEqual({
      readable: true,
      address: 'admin@localhost',
    });
    expect(readMailAddress('admin@10.0.0.1', { localHosts: true })).toMatchObject({ readable: false });
  });

  it('reads as itself, is one line, and ends no header', () => {
    const part = fc.string({ unit: 'grapheme', maxLength: 12 });
    fc.assert(
      fc.property(part, part, fc.constantFrom('com', 'рф', 'de'), (local, domain, top) => {
        const kept = address(`${local}@${domain}.${top}`);
        if (kept === undefined) return;
        expect(address(kept)).toBe(kept);
        expect(kept).toMatch(/^[^\s<>()[\]\\,;:@"\p{Cc}]+@[a-z0-9.-]+$/u);
      }),
    );
  });
});
