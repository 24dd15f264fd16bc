import { plainToInstance } from 'class-transformer';
import { describe, expect, it } from 'vitest';
import { AccountName, CanonicalLocale, EmailAddress, PasswordLength, Printable } from './fields.js';

class Named {
  @AccountName()
  email: unknown;
}

class Addressed {
  @EmailAddress()
  email: unknown;
}

describe('EmailAddress', () => {
  it('brings an address into its stored form', () => {
    expect(plainToInstance(Addressed, { email: ' Jo@Müller.DE ' }).email).toBe('jo@xn--mller-kva.de');
  });

  it.each(['jo', 7, null])('leaves %j to the validation after it', (email) => {
    expect(plainToInstance(Addressed, { email }).email).toBe(email);
  });
});

describe('AccountName', () => {
  it('trims a name and lowers its case', () => {
    expect(plainToInstance(Named, { email: ' "Jo X"@Example.COM ' }).email).toBe('"jo x"@example.com');
  });

  it('leaves what is no text to the validation after it', () => {
    expect(plainToInstance(Named, { email: 7 }).email).toBe(7);
    expect(plainToInstance(Named, { email: null }).email).toBeNull();
  });
});

describe('PasswordLength', () => {
  const rule = new PasswordLength();

  it('takes 1 to 128 characters, counted after NFKC and by code points', () => {
    expect(rule.validate('x')).toBe(true);
    expect(rule.validate('🦊'.repeat(128))).toBe(true);
    expect(rule.validate('🦊'.repeat(129))).toBe(false);
    // One ligature is three letters.
    expect(rule.validate('ﬃ'.repeat(42))).toBe(true);
    expect(rule.validate('ﬃ'.repeat(43))).toBe(false);
  });

  it.each([[''], [undefined], [null], [12_345_678_901], [['a long passphrase']], [{}]])(
    'refuses %j',
    (value) => {
      expect(rule.validate(value)).toBe(false);
    },
  );
});

describe('Printable', () => {
  const rule = new Printable();

  it.each(['Jo Doe', '', 'Žofie 🦊', 'a\u00a0b'])('takes %j', (value) => {
    expect(rule.validate(value)).toBe(true);
  });

  it.each(['a\nb', 'a\u0000b', '\u007f', '\u0085', 7, null])('refuses %j', (value) => {
    expect(rule.validate(value)).toBe(false);
  });
});

describe('CanonicalLocale', () => {
  const rule = new CanonicalLocale();

  it.each(['en', 'de-AT', 'zh-Hant-TW', 'EN-us', 'ca-valencia'])('takes %s', (value) => {
    expect(rule.validate(value)).toBe(true);
  });

  it.each(['', 'e', 'en_US', 'en-US-', '../en', `en-${'abcdefgh-'.repeat(5)}a`, 7, null, ['en']])(
    'refuses %j',
    (value) => {
      expect(rule.validate(value)).toBe(false);
    },
  );
});
