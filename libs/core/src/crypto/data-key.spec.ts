import { randomBytes, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { masterKeysFrom, newDataKey, unwrapDataKey, wrapDataKey } from './data-key.js';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const OTHER_ID = '01890a5d-ac96-774b-bcce-b302099a8058';

function someMasterKey(): KeyObject {
  return newDataKey();
}

describe('a wrapped data key', () => {
  it('comes back under the master key that wrapped it', () => {
    const master = someMasterKey();
    const dataKey = newDataKey();
    const unwrapped = unwrapDataKey([master], ID, wrapDataKey(master, ID, dataKey));

    expect(unwrapped.opened && unwrapped.key.equals(dataKey)).toBe(true);
  });

  it('tells which master key opened it, so that one under an older key is wrapped again', () => {
    const [older, newer] = [someMasterKey(), someMasterKey()];
    const dataKey = newDataKey();

    expect(unwrapDataKey([newer, older], ID, wrapDataKey(older, ID, dataKey))).toMatchObject({
      opened: true,
      by: 1,
    });
    expect(unwrapDataKey([newer, older], ID, wrapDataKey(newer, ID, dataKey))).toMatchObject({
      opened: true,
      by: 0,
    });
  });

  it('stays closed without its master key, as a value and not as an exception', () => {
    const wrapped = wrapDataKey(someMasterKey(), ID, newDataKey());

    expect(unwrapDataKey([someMasterKey(), someMasterKey()], ID, wrapped)).toEqual({
      opened: false,
      reason: 'wrong-key',
    });
    expect(unwrapDataKey([], ID, wrapped)).toEqual({ opened: false, reason: 'wrong-key' });
  });

  it('opens only under its own id', () => {
    const master = someMasterKey();

    expect(unwrapDataKey([master], OTHER_ID, wrapDataKey(master, ID, newDataKey()))).toEqual({
      opened: false,
      reason: 'wrong-key',
    });
  });

  it('stays closed with any bit of it flipped or any byte of it missing', () => {
    const master = someMasterKey();
    const wrapped = wrapDataKey(master, ID, newDataKey());

    for (let bit = 0; bit < wrapped.length * 8; bit += 1) {
      const changed = Buffer.from(wrapped);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(unwrapDataKey([master], ID, changed).opened).toBe(false);
    }
    for (let length = 0; length < wrapped.length; length += 1) {
      expect(unwrapDataKey([master], ID, wrapped.subarray(0, length)).opened).toBe(false);
    }
  });

  it('never throws for bytes from anywhere', () => {
    const master = someMasterKey();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(unwrapDataKey([master], ID, bytes).opened).toBe(false);
      }),
    );
  });
});

describe('master keys', () => {
  it('are read in the order given, from base64 and base64url alike', () => {
    const [one, two] = [randomBytes(32), randomBytes(32)];
    const keys = masterKeysFrom([one.toString('base64'), two.toString('base64url')]);

    expect(keys.map((key) => key.export())).toEqual([one, two]);
  });

  it('are refused at another length, without being quoted', () => {
    const text = randomBytes(31).toString('base64');

    expect(() => masterKeysFrom([randomBytes(32).toString('base64'), text])).toThrow(
      expect.objectContaining({ message: 'master key 2 is not 32 bytes in base64' }),
    );
  });
});
