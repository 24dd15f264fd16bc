import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { masked } from '../codes/masking.js';
import { codeMail, codeSms } from './code.templates.js';
import { isGsm7 } from './gsm7.js';
import { LANGUAGES, languageOf } from './language.js';

const message = { issuer: 'Acme', code: '012345', minutes: 5, host: 'app.example.com' } as const;

describe.each(LANGUAGES)('a message in %s', (language) => {
  it('begins with the code and ends with the line that binds it to its site', () => {
    const sms = codeSms({ ...message, language });
    expect(sms).toMatch(/^012345 /);
    expect(sms.split('\n').at(-1)).toBe('@app.example.com #012345');
    expect(sms).toContain('Acme');
    expect(codeMail({ ...message, language }).subject).toMatch(/^012345 .*Acme/);
  });

  it('has no such line where there is no site', () => {
    expect(codeSms({ ...message, language, host: undefined })).not.toMatch(/[@\n]/);
  });

  it('tells how long the code is good for, in text and in HTML', () => {
    const { text, html } = codeMail({ ...message, language, minutes: 7 });
    for (const part of [text, html]) {
      expect(part).toContain('012345');
      expect(part).toContain('7');
    }
    expect(html).toContain(`<html lang="${language}">`);
  });

  it('lets an issuer begin no line and no tag', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (issuer) => {
        const { subject, html } = codeMail({ ...message, language, issuer });
        expect(subject).not.toMatch(/[\r\n\u2028\u2029]/);
        expect(html).not.toContain(`${issuer}<`.length > 1 && issuer.includes('<') ? issuer : '\0never');
        expect(codeSms({ ...message, language, issuer }).split('\n')).toHaveLength(3);
      }),
    );
  });
});

it.each(['en', 'de', 'fr', 'es'] as const)(
  'an SMS in %s is one of 160 characters of the GSM alphabet',
  (language) => {
    const sms = codeSms({ ...message, language });
    expect(isGsm7(sms)).toBe(true);
    expect(sms.length).toBeLessThanOrEqual(160);
  },
);

describe('an issuer in an SMS', () => {
  const named = (issuer: string): string => codeSms({ ...message, language: 'en', issuer });

  it('that is too long is cut without leaving the GSM alphabet', () => {
    const sms = named('The Very Long Name of a Company of Some Importance');
    expect(sms).toContain('your The Very Long Name of a Com... code');
    expect(isGsm7(sms)).toBe(true);
    expect(sms.length).toBeLessThanOrEqual(160);
  });

  it('has quotes and dashes that the GSM alphabet knows', () => {
    expect(named('Jo’s “Shop” – Bar…')).toContain(`your Jo's "Shop" - Bar... code`);
  });

  it('is cut with an ellipsis where it is written in other letters', () => {
    expect(named('მაღაზია '.repeat(5))).toContain('… code');
  });
});

describe('the language', () => {
  it.each([
    [['de-AT'], 'de'],
    [['KA'], 'ka'],
    [['nl', 'fr'], 'fr'],
    [[null, 'es-419'], 'es'],
    [['zh', undefined], 'en'],
    [[], 'en'],
  ] as const)('of %j is %s', (locales, language) => {
    expect(languageOf(...locales)).toBe(language);
  });
});

describe('a masked recipient', () => {
  it.each([
    ['sms', '+14155550167', '+1•••••••67'],
    ['sms', '+995555123456', '+995•••••••56'],
    ['email', 'jo@example.com', 'j•••@e•••.com'],
    ['email', 'x@mail.example.co.uk', 'x•••@m•••.uk'],
  ] as const)('%s to %s shows %s', (channel, to, shown) => {
    expect(masked({ channel, to })).toBe(shown);
  });
});
