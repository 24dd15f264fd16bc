import { CONTRACT_VERSION, factorProviderOptions, RESERVED_FIELDS } from '@countersign/factor-kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { circumstances } from '../circumstances.fixture.js';
import { BackupCodeFactor, type BackupCodeSecret } from './backup-code.factor.js';

const factor = new BackupCodeFactor();
const at = circumstances();
const MISMATCH = { accepted: false, reason: 'mismatch' };

const enrolled = (): { secret: BackupCodeSecret; codes: string[] } => {
  const { secret, show } = factor.enrol({}, at);
  return { secret, codes: show['backupCodes'] as string[] };
};

const verified = (secret: BackupCodeSecret, spelled: string) =>
  factor.verify(secret, factor.answer.parse({ code: spelled }), at);

describe('enrolment', () => {
  it('shows ten different codes of sixteen Crockford symbols in groups of four', () => {
    const { codes } = enrolled();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) {
      expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
    }
  });

  it('shares neither codes nor keys between two sets', () => {
    const [first, second] = [enrolled(), enrolled()];
    expect(first.secret.key).not.toBe(second.secret.key);
    expect(first.codes.filter((code) => second.codes.includes(code))).toEqual([]);
    expect(verified(second.secret, first.codes[0] ?? '')).toEqual(MISMATCH);
  });

  it('keeps a key of 32 bytes and ten digests, none of the codes, in a secret that survives JSON', () => {
    const { secret, codes } = enrolled();
    expect(Buffer.from(secret.key, 'base64')).toHaveLength(32);
    expect(secret.codes).toHaveLength(10);
    expect(factor.secret.parse(JSON.parse(JSON.stringify(secret)))).toEqual(secret);
    const kept = JSON.stringify(secret);
    for (const code of codes) {
      expect(kept).not.toContain(code);
      expect(kept).not.toContain(code.replaceAll('-', ''));
    }
  });

  it('shows no field of a reserved name, and takes no field', () => {
    expect(RESERVED_FIELDS as readonly string[]).not.toContain('backupCodes');
    expect(Object.keys(factor.enrol({}, at).show)).toEqual(['backupCodes']);
    expect(factor.input.safeParse({}).success).toBe(true);
    expect(factor.input.safeParse({ count: 100 }).success).toBe(false);
  });
});

describe('verification', () => {
  // Made with: printf 0123456789ABCDEF | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b…0b (32 bytes)
  const known: BackupCodeSecret = {
    key: Buffer.alloc(32, 0x0b).toString('base64'),
    codes: ['uNPSU92AS6eOWZ90EH1PjskUJDV9yl8Yt32v53BsDSY'],
  };

  it('keeps codes as HMAC-SHA-256 of their symbols, in base64url', () => {
    expect(verified(known, '0123-4567-89AB-CDEF')).toEqual({
      accepted: true,
      fresh: { token: known.codes[0] },
      secret: { key: known.key, codes: [] },
    });
    expect(verified(known, '0123-4567-89AB-CDEG')).toEqual(MISMATCH);
  });

  it('accepts every spelling of a code: case, dashes, spaces and look-alikes', () => {
    const { secret, codes } = enrolled();
    const looks: Record<string, string[]> = { '0': ['0', 'o', 'O'], '1': ['1', 'i', 'I', 'l', 'L'] };
    const spellings = fc
      .constantFrom(...codes)
      .chain((code) =>
        fc
          .tuple(
            ...[...code.replaceAll('-', '')].map((symbol) =>
              fc.tuple(
                fc.constantFrom(...(looks[symbol] ?? [symbol, symbol.toLowerCase()])),
                fc.constantFrom('', '', '-', ' ', ' - '),
              ),
            ),
          )
          .map((symbols) => ({ code, spelled: symbols.flat().join('') })),
      );
    fc.assert(
      fc.property(spellings, fc.constantFrom('', ' ', '-'), ({ code, spelled }, before) => {
        const verdict = verified(secret, before + spelled);
        expect(verdict).toMatchObject({ accepted: true });
        expect(verdict).toEqual(verified(secret, code));
      }),
    );
  });

  it('accepts each code only while it is in the secret, in whatever order they are used', () => {
    fc.assert(
      fc.property(
        fc.constant(null).map(enrolled),
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 10 }),
        ({ secret, codes }, order) => {
          let left = secret;
          const tokens = new Set<string>();
          for (const [used, index] of order.entries()) {
            const code = codes[index] ?? '';
            const verdict = verified(left, code);
            if (!verdict.accepted || typeof verdict.fresh === 'string' || !('token' in verdict.fresh)) {
              throw new Error('a code that was left has been refused');
            }
            tokens.add(verdict.fresh.token);
            expect(verdict.secret?.codes).toEqual(
              left.codes.filter((digest) => digest !== secret.codes[index]),
            );
            left = factor.secret.parse(verdict.secret);
            expect(verified(left, code)).toEqual(MISMATCH);
            expect(factor.publicView(left)).toEqual({ hint: String(9 - used) });
          }
          expect(tokens.size).toBe(10);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('changes nothing itself: the same question gets the same verdict', () => {
    const { secret, codes } = enrolled();
    const before = structuredClone(secret);
    const code = codes[3] ?? '';
    expect(verified(secret, code)).toEqual(verified(secret, code));
    expect(secret).toEqual(before);
  });

  it('decides at confirmation as it does at verification', () => {
    const { secret, codes } = enrolled();
    const answer = factor.answer.parse({ code: codes[0] });
    expect(factor.confirm(secret, answer, at)).toEqual(factor.verify(secret, answer, at));
    expect(factor.confirm({ ...secret, codes: [] }, answer, at)).toEqual(MISMATCH);
  });
});

describe('the answer', () => {
  it.each([
    '123456',
    '12345678',
    '0123-4567-89AB-CDE',
    '0123-4567-89AB-CDEF0',
    'U123-4567-89AB-CDEF',
    '0123-4567-89AB-CDE*',
    '',
    `0123-4567-89AB-CDEF${' '.repeat(128)}`,
    null,
    1234567890123456,
  ])('%j is refused by the schema', (code) => {
    expect(factor.answer.safeParse({ code }).success).toBe(false);
  });

  it('takes no other field', () => {
    expect(factor.answer.safeParse({ code: '0123-4567-89AB-CDEF', all: true }).success).toBe(false);
  });
});

describe('the provider', () => {
  it('declares itself as a recovery factor', () => {
    expect(factorProviderOptions(BackupCodeFactor)).toEqual({
      type: 'backup_code',
      contract: CONTRACT_VERSION,
      amr: ['otp'],
      recovery: true,
      sendsNothing: true,
    });
  });

  it('has schemas with a JSON form whose pattern accepts what the schema accepts', () => {
    for (const schema of [factor.input, factor.secret, factor.answer]) {
      expect(schema['~standard'].jsonSchema.input({ target: 'draft-2020-12' })).toMatchObject({
        type: 'object',
        additionalProperties: false,
      });
    }
    const form = factor.answer['~standard'].jsonSchema.input({ target: 'draft-2020-12' });
    const { pattern } = (form['properties'] as { code: { pattern: string } }).code;
    // JSON Schema patterns are read with the u flag.
    for (const code of ['0123-4567-89AB-CDEF', 'olil 4567 89ab cdef'])
      expect(code).toMatch(new RegExp(pattern, 'u'));
  });

  it('shows how many codes are left, and no code, digest or key', () => {
    const { secret, codes } = enrolled();
    const view = JSON.stringify(factor.publicView(secret));
    expect(view).toBe('{"hint":"10"}');
    for (const hidden of [secret.key, ...secret.codes, ...codes]) expect(view).not.toContain(hidden);
  });
});
