import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Clock } from '../clock/clock.js';
import { newId } from './new-id.js';
import { ID_PREFIXES, parsePublicId, publicId } from './public-id.js';
import { uuidFromBytes, uuidToBytes } from './uuid-bytes.js';

class StandingClock extends Clock {
  constructor(private readonly at: Date) {
    super();
  }

  override now(): Date {
    return this.at;
  }
}

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const prefix = fc.constantFrom(...ID_PREFIXES);

describe('newId', () => {
  it('is a UUIDv7 that carries the clock port’s millisecond', () => {
    const at = new Date('2030-01-02T03:04:05.678Z');
    const id = newId(new StandingClock(at));

    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(at.getTime());
  });

  it('takes a moment in place of the clock', () => {
    expect(newId(new Date(0)).startsWith('00000000-0000-7')).toBe(true);
  });

  it('sorts in the order of making within one millisecond', () => {
    const at = new Date('2030-01-02T03:04:05.678Z');
    const made = Array.from({ length: 2000 }, () => newId(at));

    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
  });

  it('follows a clock that steps back and still makes new ids', () => {
    const later = new Date(2_000);
    const earlier = new Date(1_000);
    const made = [newId(later), newId(earlier), newId(later), newId(earlier)];

    expect(new Set(made).size).toBe(4);
    expect(made.map((id) => parseInt(id.replaceAll('-', '').slice(0, 12), 16))).toEqual([
      2000, 1000, 2000, 1000,
    ]);
  });

  it('refuses a moment that does not fit 48 bits of milliseconds', () => {
    expect(() => newId(new Date(-1))).toThrow(RangeError);
    expect(() => newId(new Date(2 ** 48))).toThrow(RangeError);
    expect(() => newId(new Date(NaN))).toThrow(RangeError);
  });
});

describe('public ids', () => {
  it('spell the vectors of the TypeID specification', () => {
    expect(publicId('usr', '00000000-0000-0000-0000-000000000000')).toBe('usr_00000000000000000000000000');
    expect(publicId('usr', '01890a5d-ac96-774b-bcce-b302099a8057')).toBe('usr_01h455vb4pex5vsknk084sn02q');
    expect(publicId('usr', 'ffffffff-ffff-ffff-ffff-ffffffffffff')).toBe('usr_7zzzzzzzzzzzzzzzzzzzzzzzzz');
  });

  it('come back as the UUID that they were made of', () => {
    fc.assert(
      fc.property(prefix, bytes16, (kind, bytes) => {
        const uuid = uuidFromBytes(bytes);
        expect(parsePublicId(kind, publicId(kind, uuid))).toBe(uuid);
      }),
    );
  });

  it('have one spelling only: whatever is read is written the same way again', () => {
    const near = fc
      .tuple(prefix, fc.stringMatching(/^[0-9a-zA-Z_]{24,28}$/))
      .map(([kind, suffix]) => [kind, `${kind}_${suffix}`] as const);
    fc.assert(
      fc.property(near, ([kind, text]) => {
        const uuid = parsePublicId(kind, text);
        if (uuid !== undefined) expect(publicId(kind, uuid)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('are refused with the prefix of another kind', () => {
    const id = publicId('usr', '01890a5d-ac96-774b-bcce-b302099a8057');

    for (const kind of ID_PREFIXES) {
      expect(parsePublicId(kind, id) !== undefined).toBe(kind === 'usr');
    }
  });

  it.each([
    ['upper case', 'usr_01H455VB4PEX5VSKNK084SN02Q'],
    ['an upper-case prefix', 'USR_01h455vb4pex5vsknk084sn02q'],
    ['a first symbol over 7', 'usr_81h455vb4pex5vsknk084sn02q'],
    ['one symbol less', 'usr_01h455vb4pex5vsknk084sn02'],
    ['one symbol more', 'usr_01h455vb4pex5vsknk084sn02qq'],
    ['a look-alike', 'usr_0lh455vb4pex5vsknk084sn02q'],
    ['a line end', 'usr_01h455vb4pex5vsknk084sn02q\n'],
    ['a leading blank', ' usr_01h455vb4pex5vsknk084sn02q'],
    ['no prefix', '01h455vb4pex5vsknk084sn02q'],
    ['two underscores', 'usr__01h455vb4pex5vsknk084sn02q'],
    ['the UUID itself', '01890a5d-ac96-774b-bcce-b302099a8057'],
    ['nothing', ''],
  ])('are refused with %s', (_fault, text) => {
    expect(parsePublicId('usr', text)).toBeUndefined();
  });

  it('are read without an exception, whatever the text', () => {
    fc.assert(
      fc.property(prefix, fc.string({ unit: 'binary' }), fc.boolean(), (kind, text, prefixed) => {
        expect(parsePublicId(kind, prefixed ? `${kind}_${text}` : text)).toBeUndefined();
      }),
    );
  });

  it('are not made of a text that is no UUID', () => {
    expect(() => publicId('usr', 'nonsense')).toThrow(TypeError);
    expect(() => publicId('usr', '01890A5D-AC96-774B-BCCE-B302099A8057')).toThrow(TypeError);
  });
});

describe('uuid bytes', () => {
  it('come back unchanged', () => {
    fc.assert(
      fc.property(bytes16, (bytes) => {
        expect(new Uint8Array(uuidToBytes(uuidFromBytes(bytes)))).toEqual(bytes);
      }),
    );
  });

  it('are sixteen', () => {
    expect(() => uuidFromBytes(new Uint8Array(15))).toThrow(TypeError);
  });
});
