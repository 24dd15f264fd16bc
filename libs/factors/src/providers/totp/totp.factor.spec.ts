import { CONTRACT_VERSION, factorProviderOptions, RESERVED_FIELDS } from '@countersign/factor-kit';
import fc from 'fast-check';
import { Secret, TOTP, URI } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { circumstances } from '../circumstances.fixture.js';
import { TotpFactor, type TotpSecret } from './totp.factor.js';

const factor = new TotpFactor();
const atSecond = (second: number) => circumstances({ now: new Date(second * 1000) });

/** RFC 4226 appendix D and RFC 6238 appendix B (with erratum 2866 on key lengths) use these keys. */
const KEYS = {
  SHA1: '12345678901234567890',
  SHA256: '12345678901234567890123456789012',
  SHA512: '1234567890123456789012345678901234567890123456789012345678901234',
} as const;

const secretOf = (replaced: Partial<TotpSecret> = {}): TotpSecret => ({
  secret: Secret.fromLatin1(KEYS[replaced.algorithm ?? 'SHA1']).base32,
  algorithm: 'SHA1',
  digits: 6,
  period: 30,
  issuer: 'Acme',
  ...replaced,
});

const codeAt = (secret: TotpSecret, second: number) =>
  new TOTP({ ...secret, secret: Secret.fromBase32(secret.secret) }).generate({ timestamp: second * 1000 });

describe('the published vectors', () => {
  it.each([
    [59, '94287082', '46119246', '90693936'],
    [1111111109, '07081804', '68084774', '25091201'],
    [1111111111, '14050471', '67062674', '99943326'],
    [1234567890, '89005924', '91819424', '93441116'],
    [2000000000, '69279037', '90698825', '38618901'],
    [20000000000, '65353130', '77737706', '47863826'],
  ])('RFC 6238 appendix B: at %i s the codes of all three algorithms are accepted', (second, ...codes) => {
    const step = BigInt(Math.floor(second / 30));
    (['SHA1', 'SHA256', 'SHA512'] as const).forEach((algorithm, index) => {
      const verdict = factor.verify(
        secretOf({ algorithm, digits: 8 }),
        { code: codes[index] ?? '' },
        atSecond(second),
      );
      expect(verdict).toEqual({ accepted: true, fresh: { step } });
    });
  });

  it('RFC 4226 appendix D: the ten codes name the ten first steps', () => {
    const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ');
    codes.forEach((code, step) => {
      expect(factor.verify(secretOf(), { code }, atSecond(step * 30))).toEqual({
        accepted: true,
        fresh: { step: BigInt(step) },
      });
    });
  });
});

describe('the window', () => {
  const secret = secretOf();
  const step = 58_000_000;

  it.each([-1, 0, 1])('a code of the step at %i is accepted, and that step is named', (distance) => {
    const code = codeAt(secret, (step + distance) * 30);
    const expected = { accepted: true, fresh: { step: BigInt(step + distance) } };
    expect(factor.verify(secret, { code }, atSecond(step * 30))).toEqual(expected);
    expect(factor.verify(secret, { code }, atSecond(step * 30 + 29.999))).toEqual(expected);
    expect(factor.confirm(secret, { code }, atSecond(step * 30))).toEqual(expected);
  });

  it.each([-20, -2, 2, 20])('a code of the step at %i is stale', (distance) => {
    const code = codeAt(secret, (step + distance) * 30);
    expect(factor.verify(secret, { code }, atSecond(step * 30))).toEqual({
      accepted: false,
      reason: 'stale',
    });
    expect(factor.confirm(secret, { code }, atSecond(step * 30))).toEqual({
      accepted: false,
      reason: 'clock',
      driftSeconds: distance * 30,
    });
  });

  it.each([-21, 21])('a code of the step at %i is a mismatch', (distance) => {
    const code = codeAt(secret, (step + distance) * 30);
    expect(factor.verify(secret, { code }, atSecond(step * 30))).toEqual({
      accepted: false,
      reason: 'mismatch',
    });
  });

  it('the window of a 60 s factor is a step of 60 s either way', () => {
    const slow = secretOf({ period: 60 });
    const second = step * 60;
    for (const distance of [-1, 0, 1]) {
      expect(factor.verify(slow, { code: codeAt(slow, second + distance * 60) }, atSecond(second))).toEqual({
        accepted: true,
        fresh: { step: BigInt(step + distance) },
      });
    }
    for (const distance of [-10, -2, 2, 10]) {
      expect(
        factor.verify(slow, { code: codeAt(slow, second + distance * 60) }, atSecond(second)),
      ).toMatchObject({
        reason: 'stale',
      });
    }
  });

  it('a code of the wrong number of digits is a mismatch, a truncated or padded right one included', () => {
    const six = codeAt(secret, step * 30);
    const eight = codeAt(secretOf({ digits: 8 }), step * 30);
    for (const code of [`0${six}`, `00${six}`, eight, `${six}00`]) {
      expect(factor.verify(secret, { code }, atSecond(step * 30))).toEqual({
        accepted: false,
        reason: 'mismatch',
      });
    }
    expect(factor.verify(secretOf({ digits: 8 }), { code: six }, atSecond(step * 30))).toMatchObject({
      reason: 'mismatch',
    });
  });

  it('whatever code is accepted, the step that it names generates that very code and lies in the window', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        fc.integer({ min: 30, max: 10_000_000_000 }),
        fc.integer({ min: -1, max: 1 }),
        (key, second, distance) => {
          const random = secretOf({ secret: new Secret({ buffer: Uint8Array.from(key).buffer }).base32 });
          const code = codeAt(random, second + distance * 30);
          const verdict = factor.verify(random, { code }, atSecond(second));
          if (!verdict.accepted || typeof verdict.fresh === 'string' || !('step' in verdict.fresh))
            return false;
          const named = Number(verdict.fresh.step);
          return codeAt(random, named * 30) === code && Math.abs(named - Math.floor(second / 30)) <= 1;
        },
      ),
    );
  });
});

describe('enrolment', () => {
  it('makes a secret of 160 random bits that fits its schema and survives JSON', async () => {
    const { secret, show } = await factor.enrol({}, circumstances());
    expect(secret.secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(secret).toEqual(secretOf({ secret: secret.secret }));
    expect(factor.secret.parse(JSON.parse(JSON.stringify(secret)))).toEqual(secret);
    expect(Object.keys(show)).toEqual(['secret', 'otpauthUri', 'qrCode']);
    expect(show['secret']).toBe(secret.secret);
    expect(show['otpauthUri']).toMatch(/^otpauth:\/\/totp\/Acme:alice%40example\.com\?/);
    expect(show['qrCode']).toMatch(/^data:image\/png;base64,/);
    expect((await factor.enrol({}, circumstances())).secret.secret).not.toBe(secret.secret);
  });

  it('shows a URI from which an app makes codes that confirm', async () => {
    const at = circumstances();
    const { secret, show } = await factor.enrol({}, at);
    const app = URI.parse(String(show['otpauthUri']));
    if (!(app instanceof TOTP)) throw new Error('not a TOTP URI');
    const code = app.generate({ timestamp: at.now.getTime() });
    expect(factor.confirm(secret, { code }, at)).toMatchObject({ accepted: true });
  });

  it('shows no field of a reserved name, and takes no field', async () => {
    const { show } = await factor.enrol({}, circumstances());
    expect(
      Object.keys(show).filter((field) => (RESERVED_FIELDS as readonly string[]).includes(field)),
    ).toEqual([]);
    expect(factor.input.safeParse({}).success).toBe(true);
    expect(factor.input.safeParse({ secret: 'GEZDGNBVGY3TQOJQ' }).success).toBe(false);
  });
});

describe('the answer', () => {
  const parsed = (code: unknown) => {
    const result = factor.answer.safeParse({ code });
    return result.success ? result.data.code : undefined;
  };

  it('is six to eight digits, however they are spaced and dashed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 6, maxLength: 8 }),
        fc.array(fc.constantFrom('', '', ' ', '-', ' - ', '\u00a0', '\u202f', '\n'), {
          minLength: 9,
          maxLength: 9,
        }),
        (digits, gaps) => {
          const spelled = gaps.map((gap, index) => `${gap}${digits[index] ?? ''}`).join('');
          expect(parsed(spelled)).toBe(digits.join(''));
        },
      ),
    );
  });

  it.each([
    '12345',
    '123456789',
    '12345a',
    '+123456',
    '1e5000',
    '123.456',
    '\u0661\u0662\u0663\u0664\u0665\u0666',
    '\uff11\uff12\uff13\uff14\uff15\uff16',
    '123456\0',
    '',
    '------',
    `123456${' '.repeat(60)}`,
    123456,
    null,
    ['123456'],
  ])('%j is refused by the schema', (code) => {
    expect(parsed(code)).toBeUndefined();
  });

  it('takes no other field', () => {
    expect(factor.answer.safeParse({ code: '123456', window: 100 }).success).toBe(false);
  });

  it('is refused as quickly when it is long', () => {
    expect(parsed(`${'1 '.repeat(500_000)}x`)).toBeUndefined();
  });
});

describe('the provider', () => {
  it('declares itself as TOTP with the RFC 8176 method otp', () => {
    expect(factorProviderOptions(TotpFactor)).toEqual({
      type: 'totp',
      contract: CONTRACT_VERSION,
      amr: ['otp'],
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
    for (const code of ['123456', ' 123 456 ', '1234-5678']) expect(code).toMatch(new RegExp(pattern, 'u'));
  });

  it('shows the issuer and nothing of the secret once enrolled', () => {
    expect(factor.publicView(secretOf({ issuer: 'Acme: EU' }))).toEqual({ hint: 'Acme: EU' });
  });
});
