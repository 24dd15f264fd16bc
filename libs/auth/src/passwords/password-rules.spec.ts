import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPassword } from './password-rules.js';

const ADA = { email: 'ada.lovelace@example.com' };
const GOOD = 'correct horse battery staple';

function accepts(password: string, owner: Parameters<typeof checkPassword>[1] = ADA): boolean {
  return checkPassword(password, owner).accepted;
}

function messages(password: string, owner: Parameters<typeof checkPassword>[1] = ADA): string {
  const check = checkPassword(password, owner);
  return check.accepted ? '' : check.reasons.map(({ message }) => message).join('; ');
}

/** A text of so many different letters that only its length can be wrong. */
function unusual(length: number): string {
  return Array.from({ length }, (_, index) => String.fromCodePoint(0x1f300 + ((index * 37) % 200))).join('');
}

describe('a password', () => {
  it('is accepted when it is long and nobody’s, without rules of composition', () => {
    for (const password of [
      GOOD,
      'zvqkjwhxmd',
      'ZVQKJWHXMD',
      '8273640195',
      'пароль-на-завтра',
      '          x9',
    ]) {
      expect(checkPassword(password, ADA)).toEqual({ accepted: true });
    }
  });

  it('has at least 10 characters', () => {
    expect(checkPassword('zvqkjwhxm', ADA)).toEqual({
      accepted: false,
      tooLong: false,
      reasons: [{ path: 'password', message: 'must have at least 10 characters' }],
    });
    expect(accepts('zvqkjwhxmd')).toBe(true);
  });

  it('that is empty is too short and nothing worse', () => {
    expect(messages('')).toBe('must have at least 10 characters');
  });

  it('has at most 128 characters, and one that has more is told apart from one that is refused', () => {
    expect(accepts(unusual(128))).toBe(true);
    expect(checkPassword(unusual(129), ADA)).toEqual({
      accepted: false,
      tooLong: true,
      reasons: [{ path: 'password', message: 'must have at most 128 characters' }],
    });
  });

  it('is counted in code points, not in UTF-16 units', () => {
    expect(accepts(unusual(9))).toBe(false);
    expect(accepts(unusual(10))).toBe(true);
  });

  it('is counted after NFKC, so that it is the same length however it is typed', () => {
    // Nine letters, each with a combining accent of its own: 18 code points before composition, 9 after it.
    const decomposed = 'éàùòìèáúó'.normalize('NFD');
    expect([...decomposed]).toHaveLength(18);
    expect(messages(decomposed)).toContain('at least 10');
    // One compatibility character that NFKC writes as 18.
    expect(accepts('\ufdfa')).toBe(true);
    expect(messages('\ufdfa'.repeat(8))).toContain('at most 128');
  });

  it.each([
    'administrator',
    'qwertyuiop',
    '1234567890',
    'QWERTYUIOP',
    'password123!',
    'Password2024',
    '123password',
    'iloveyou1234',
    'test123456',
    'aaaaaaaaaa',
    'abcabcabcabc',
    'passwordpassword',
    '123456789012',
    'password123',
    '0123456789',
    'ZYXWVUTSRQ',
  ])('is refused as a common one: %s', (password) => {
    expect(messages(password)).toContain('common password');
  });

  it('is no common one only because a common word is a small part of it', () => {
    for (const password of ['dragon 83 lamp wires', 'love4829175026', 'test-of-the-nile-7']) {
      expect(messages(password)).toBe('');
    }
  });

  it('of the longest length is accepted though it repeats itself', () => {
    expect(accepts('x'.repeat(128))).toBe(true);
  });

  it.each([
    ['the address', 'ada.lovelace@example.com'],
    ['the local part with digits', 'ada.lovelace1815'],
    ['the local part without its dot', 'adalovelace-1815'],
    ['a piece of the local part', 'Lovelace1815'],
    ['the local part backwards', 'ecalevol.ada99'],
    ['the domain', 'example99!'],
    ['the domain backwards', 'elpmaxe-123'],
    ['both together', 'lovelaceXexampleX1234567'],
    ['another width of letters', 'ｌｏｖｅｌａｃｅ１８１５'],
  ])('is refused when it is built from %s', (_what, password) => {
    expect(messages(password)).toContain('e-mail address');
  });

  it('is refused when it is built from short pieces of the address run together', () => {
    expect(messages('zyxwab-183', { email: 'zy.xw.ab@example.com' })).toContain('e-mail address');
    expect(messages('zyxwab-183', { email: 'zy.xw.ab+notes@example.com' })).toContain('e-mail address');
    expect(messages('zyxwab-183')).toBe('');
  });

  it('is refused when it is the owner’s short word among digits, however many', () => {
    expect(messages('bob4829175026', { email: 'bob@example.com' })).toContain('e-mail address');
    expect(messages('4829bob17x026', { email: 'bob@example.com' })).toBe('');
  });

  it('is refused when it is built from the name', () => {
    const owner = { email: 'al@example.com', displayName: 'Ada Wrothesby' };

    expect(messages('adawrothesby99', owner)).toContain('name');
    expect(messages('1815 Wrothesby', owner)).toContain('name');
    expect(messages('1815 Wrothesby', { email: 'al@example.com', displayName: null })).toBe('');
  });

  it('may contain a word of the address that is less than half of it', () => {
    expect(accepts('my example has nine lives')).toBe(true);
    expect(accepts('lovelace wrote of looms')).toBe(true);
  });

  it('may contain words of the address that are shorter than four characters', () => {
    expect(accepts('bob xyz bob', { email: 'bob@xyz.org' })).toBe(true);
  });

  it('is told every reason at once', () => {
    expect(checkPassword('password', { email: 'password@example.com' })).toMatchObject({
      accepted: false,
      reasons: [{ path: 'password' }, { path: 'password' }, { path: 'password' }],
    });
  });

  it('is checked without an exception, whatever it and its owner are', () => {
    const any = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(any, any, fc.option(any), (password, email, displayName) => {
        const check = checkPassword(password, { email, displayName });
        expect(check.accepted || check.reasons.length > 0).toBe(true);
      }),
    );
    for (const text of ['', '@', '\0', '\ud800', '\u0130'.repeat(50)]) {
      checkPassword(text, { email: text, displayName: text });
    }
  });

  it('is refused in a bounded time when it is very long', () => {
    expect(checkPassword(`${'1'.repeat(1_000_000)}a`, ADA)).toMatchObject({ tooLong: true });
  });
});
