import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newDataKey, type DataKey } from './data-key.js';
import { SealBroken, Sealer, type Place } from './sealer.js';

const PLACE: Place = { table: 'factors', row: '01890a5d-ac96-774b-bcce-b302099a8057', field: 'secret' };
const SECRET = 'JBSWY3DPEHPK3PXP';

let made = 0;

function someDataKey(): DataKey {
  made += 1;
  return { id: `01890a5d-ac96-774b-bcce-${String(made).padStart(12, '0')}`, key: newDataKey() };
}

function flipped(bytes: Uint8Array, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return changed;
}

describe('a sealed value', () => {
  const sealer = new Sealer([someDataKey()]);

  it('comes back unchanged at its place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), fc.string(), (bytes, row, field) => {
        const place = { table: 'factors', row, field };
        expect(new Uint8Array(sealer.open(sealer.seal(bytes, place), place))).toEqual(bytes);
      }),
    );
    expect(sealer.open(sealer.seal('größer', PLACE), PLACE).toString('utf8')).toBe('größer');
  });

  it('does not open at another table, row or field', () => {
    const sealed = sealer.seal(SECRET, PLACE);

    for (const moved of [{ table: 'users' }, { row: 'another' }, { field: 'other_secret' }]) {
      expect(() => sealer.open(sealed, { ...PLACE, ...moved })).toThrow(SealBroken);
    }
  });

  it('does not open at a place whose names only run together to the same text', () => {
    const sealed = sealer.seal(SECRET, { table: 'factor', row: 's1', field: 'secret' });

    expect(() => sealer.open(sealed, { table: 'factors', row: '1', field: 'secret' })).toThrow(SealBroken);
    expect(() => sealer.open(sealed, { table: 'factor', row: 's', field: '1secret' })).toThrow(SealBroken);
  });

  it('does not open with any bit of it flipped', () => {
    const two = new Sealer([someDataKey(), someDataKey()]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), (bytes, at) => {
        const sealed = two.seal(bytes, PLACE);
        expect(() => two.open(flipped(sealed, at % (sealed.length * 8)), PLACE)).toThrow(SealBroken);
      }),
      { numRuns: 1000 },
    );
    const sealed = sealer.seal(SECRET, PLACE);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      expect(() => sealer.open(flipped(sealed, bit), PLACE)).toThrow(SealBroken);
    }
  });

  it('does not open when it is cut short or has grown', () => {
    const sealed = sealer.seal(SECRET, PLACE);

    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => sealer.open(sealed.subarray(0, length), PLACE)).toThrow(SealBroken);
    }
    expect(() => sealer.open(Buffer.concat([sealed, Buffer.of(0)]), PLACE)).toThrow(SealBroken);
  });

  it('differs from every other seal of the same text', () => {
    const seals = Array.from({ length: 200 }, () => sealer.seal(SECRET, PLACE).toString('hex'));

    expect(new Set(seals).size).toBe(seals.length);
  });

  it('names its data key, which opens it behind newer ones, and nothing opens it without', () => {
    const [older, newer] = [someDataKey(), someDataKey()];
    const sealed = new Sealer([older]).seal(SECRET, PLACE);
    const both = new Sealer([newer, older]);

    expect(both.open(sealed, PLACE).toString()).toBe(SECRET);
    expect(() => new Sealer([newer]).open(sealed, PLACE)).toThrow(SealBroken);
    expect(() => new Sealer([older]).open(both.seal(SECRET, PLACE), PLACE)).toThrow(SealBroken);
  });

  it('does not open under another key that goes by the same id', () => {
    const { id, key } = someDataKey();
    const sealed = new Sealer([{ id, key }]).seal(SECRET, PLACE);

    expect(() => new Sealer([{ id, key: newDataKey() }]).open(sealed, PLACE)).toThrow(SealBroken);
  });

  it('is laid out as format, data key id, nonce, ciphertext and tag, with nothing in clear', () => {
    const { id, key } = someDataKey();
    const sealed = new Sealer([{ id, key }]).seal(SECRET, PLACE);

    expect(sealed.length).toBe(1 + 16 + 12 + SECRET.length + 16);
    expect(sealed.subarray(0, 17).toString('hex')).toBe(`01${id.replaceAll('-', '')}`);
    expect(sealed.includes(SECRET)).toBe(false);
  });

  it('breaks with an error that has no secret in it', () => {
    const sealed = sealer.seal(`${SECRET} is no JSON`, PLACE);

    expect(() => sealer.openJson(sealed, PLACE)).toThrow(SealBroken);
    try {
      sealer.openJson(sealed, PLACE);
    } catch (broken) {
      expect(broken).toBeInstanceOf(SealBroken);
      const error = broken as SealBroken;
      expect(`${error.stack} ${String(error.cause)}`).not.toContain(SECRET);
    }
  });
});

describe('sealed JSON', () => {
  const sealer = new Sealer([someDataKey()]);

  it('comes back as the value that went in', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(sealer.openJson(sealer.sealJson(value, PLACE), PLACE)).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
      }),
    );
  });

  it('is not made of what JSON cannot say', () => {
    expect(() => sealer.sealJson(undefined, PLACE)).toThrow(TypeError);
    expect(() => sealer.sealJson(1n, PLACE)).toThrow(TypeError);
  });
});

describe('a derived key', () => {
  it('stays the same while data keys are added, and follows the oldest', () => {
    const [older, newer] = [someDataKey(), someDataKey()];
    const derived = new Sealer([older]).deriveKey('refresh successor');

    expect(new Sealer([newer, older]).deriveKey('refresh successor').equals(derived)).toBe(true);
    expect(new Sealer([newer]).deriveKey('refresh successor').equals(derived)).toBe(false);
  });

  it('is another one for another purpose, 32 bytes, and not the data key', () => {
    const dataKey = someDataKey();
    const sealer = new Sealer([dataKey]);
    const derived = sealer.deriveKey('one');

    expect(derived.equals(sealer.deriveKey('other'))).toBe(false);
    expect(derived.equals(dataKey.key)).toBe(false);
    expect(derived.symmetricKeySize).toBe(32);
  });
});

describe('a sealer', () => {
  it('is not made without a data key, or with one that is not of 32 bytes', () => {
    expect(() => new Sealer([])).toThrow();
    expect(() => new Sealer([{ ...someDataKey(), key: createSecretKey(randomBytes(16)) }])).toThrow();
  });
});
