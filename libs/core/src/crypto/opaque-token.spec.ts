import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uuidFromBytes } from '../ids/uuid-bytes.js';
import { digestsEqual, mintToken, parseToken, tokenFrom } from './opaque-token.js';

const APPLICATION = '01890a5d-ac96-774b-bcce-b302099a8057';
const USER = '01890a5d-ac96-774b-bcce-b302099a8058';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const uuid = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(uuidFromBytes);
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('an opaque token', () => {
  it('gives back the ids and the secret that it was made of', () => {
    fc.assert(
      fc.property(uuid, uuid, secret, (one, two, bytes) => {
        for (const kind of ['tmp', 'dvt'] as const) {
          const { token, digest } = tokenFrom(kind, [one, two], bytes);
          expect(parseToken(kind, token)).toEqual({ ids: [one, two], secret: Buffer.from(bytes), digest });
        }
        const { token, digest } = tokenFrom('rft', [one], bytes);
        expect(parseToken('rft', token)).toEqual({ ids: [one], secret: Buffer.from(bytes), digest });
      }),
    );
  });

  it('is its kind, an underscore and base64url, kept as the SHA-256 of the whole text', () => {
    const { token, digest } = mintToken('tmp', [APPLICATION, USER]);

    expect(token).toMatch(/^tmp_[A-Za-z0-9_-]{86}$/);
    expect(digest).toEqual(createHash('sha256').update(token, 'utf8').digest());
    expect(mintToken('rft', [APPLICATION]).token).toMatch(/^rft_[A-Za-z0-9_-]{64}$/);
  });

  it('is new each time that one is minted, and the same for the same secret', () => {
    const tokens = Array.from({ length: 200 }, () => mintToken('rft', [APPLICATION]).token);
    expect(new Set(tokens).size).toBe(tokens.length);

    const bytes = new Uint8Array(32).fill(7);
    expect(tokenFrom('rft', [APPLICATION], bytes)).toEqual(tokenFrom('rft', [APPLICATION], bytes));
  });

  it('has one spelling only: no other last symbol stands for the same bytes', () => {
    const { token } = mintToken('tmp', [APPLICATION, USER]);
    const last = token.at(-1) ?? '';
    const parsed = parseToken('tmp', token);
    const twins = [...ALPHABET].filter((symbol) => {
      const other = token.slice(0, -1) + symbol;
      return (
        symbol !== last &&
        Buffer.from(other.slice(4), 'base64url').equals(Buffer.from(token.slice(4), 'base64url'))
      );
    });

    // 64 bytes end within a symbol: its four stray bits give 15 twins that a lenient decoder takes for the same.
    expect(twins).toHaveLength(15);
    expect(parsed).toBeDefined();
    for (const twin of twins) expect(parseToken('tmp', token.slice(0, -1) + twin)).toBeUndefined();
  });

  it('is refused when it is padded, spaced, of the other alphabet, shorter or longer', () => {
    const bytes = new Uint8Array(32).fill(0xff);
    const { token } = tokenFrom('rft', [APPLICATION], bytes);
    const spellings = [
      `${token}=`,
      `${token.slice(0, -1)}=`,
      ` ${token}`,
      `${token}\n`,
      token.replaceAll('_', '/').replace('rft/', 'rft_'),
      token.slice(0, -1),
      `${token}A`,
      token.replace('rft_', 'RFT_'),
      token.slice(4),
      `${token.slice(0, -1)} `,
      `${token.slice(0, -1)}é`,
      '',
    ];

    expect(parseToken('rft', token)).toBeDefined();
    for (const spelling of spellings) expect(parseToken('rft', spelling)).toBeUndefined();
  });

  it('opens only the door of its kind', () => {
    const { token } = mintToken('tmp', [APPLICATION, USER]);

    expect(parseToken('dvt', token)).toBeUndefined();
    expect(parseToken('rft', token)).toBeUndefined();
  });

  it('has another digest under another prefix, so that no kind stands in for another', () => {
    const bytes = new Uint8Array(32).fill(1);
    const temp = tokenFrom('tmp', [APPLICATION, USER], bytes);
    const device = tokenFrom('dvt', [APPLICATION, USER], bytes);

    expect(digestsEqual(temp.digest, device.digest)).toBe(false);
  });

  it('is read without an exception, and whatever is read is written the same way again', () => {
    const near = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^rft_[A-Za-z0-9_-]{64}$/),
      fc.stringMatching(/^rft_[A-Za-z0-9_+/=-]{63,65}$/),
    );
    fc.assert(
      fc.property(near, (text) => {
        const parsed = parseToken('rft', text);
        if (parsed !== undefined) expect(tokenFrom('rft', parsed.ids, parsed.secret).token).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('is not made of too few ids, a wrong id or a short secret', () => {
    const bytes = new Uint8Array(32);

    expect(() => tokenFrom('tmp', [APPLICATION] as unknown as [string, string], bytes)).toThrow(TypeError);
    expect(() => tokenFrom('rft', ['nonsense'], bytes)).toThrow(TypeError);
    expect(() => tokenFrom('rft', [APPLICATION], bytes.subarray(1))).toThrow(TypeError);
  });
});

describe('digestsEqual', () => {
  it('is true for the same bytes only, and false for another length', () => {
    expect(digestsEqual(Buffer.of(1, 2), Buffer.of(1, 2))).toBe(true);
    expect(digestsEqual(Buffer.of(1, 2), Buffer.of(1, 3))).toBe(false);
    expect(digestsEqual(Buffer.of(1, 2), Buffer.of(1))).toBe(false);
  });
});
