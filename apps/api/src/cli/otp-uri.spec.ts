import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotAnExport } from './exported-entry.js';
import { migrationPayload, migrationUri, migrationUriOf } from './migration-uri.fixture.js';
import { exportedEntries } from './otp-uri.js';

const secret = Buffer.from('12345678901234567890');
const BASE32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

const unusable = (name: string, why: string): unknown => ({
  kind: 'unusable',
  name,
  issuer: 'Acme',
  why: expect.stringContaining(why) as string,
});

describe('an export', () => {
  it('of Google Authenticator holds every entry with its parameters', () => {
    const { entries, batch } = exportedEntries(
      migrationUri([
        { secret, name: 'jo@example.com' },
        { secret, name: 'long', algorithm: 3, digits: 2 },
        { secret, name: 'pressed', type: 1 },
        { secret, name: 'md5', algorithm: 4 },
        { secret, name: 'untyped', type: 0 },
      ]),
    );
    expect(batch).toBeUndefined();
    expect(entries).toEqual([
      {
        kind: 'totp',
        name: 'jo@example.com',
        issuer: 'Acme',
        secret: BASE32,
        algorithm: 'SHA1',
        digits: 6,
        period: 30,
      },
      {
        kind: 'totp',
        name: 'long',
        issuer: 'Acme',
        secret: BASE32,
        algorithm: 'SHA512',
        digits: 8,
        period: 30,
      },
      unusable('pressed', 'HOTP'),
      unusable('md5', 'algorithm'),
      unusable('untyped', 'type'),
    ]);
  });

  it('of one key URI holds its own period and digest', () => {
    const uri = `otpauth://totp/Acme:jo?secret=${BASE32}&algorithm=SHA256&digits=8&period=60`;
    expect(exportedEntries(uri).entries).toEqual([
      {
        kind: 'totp',
        name: 'jo',
        issuer: 'Acme',
        secret: BASE32,
        algorithm: 'SHA256',
        digits: 8,
        period: 60,
      },
    ]);
    expect(exportedEntries(`otpauth://hotp/jo?secret=${BASE32}&counter=1`).entries).toMatchObject([
      { kind: 'unusable' },
    ]);
  });

  it('of Google Authenticator that is cut off is refused, not read in part', () => {
    const whole = migrationPayload([{ secret, name: 'jo@example.com' }]);
    for (let length = 1; length < whole.length; length += 1) {
      const cut = migrationUriOf(whole.subarray(0, length));
      // At the end of a field the rest may be missing, and then nothing of the secret is.
      const read = (): unknown =>
        exportedEntries(cut).entries.map((entry) => 'secret' in entry && entry.secret);
      try {
        expect(read()).toEqual([BASE32]);
      } catch (error) {
        expect(error).toBeInstanceOf(NotAnExport);
      }
    }
  });

  it.each([
    [
      'the label',
      `otpauth://totp/Acme Bank:jo doe?secret=${BASE32}`,
      { name: 'jo doe', issuer: 'Acme Bank' },
    ],
    ['letters', `otpauth://totp/Größe:jö?secret=${BASE32}`, { name: 'jö', issuer: 'Größe' }],
    ['a bare %', `otpauth://totp/100%:jo?secret=${BASE32}`, { name: 'jo', issuer: '100%' }],
    ['a #', `otpauth://totp/Acme #1:jo?issuer=C#&secret=${BASE32}`, { name: 'jo', issuer: 'C#' }],
    ['no label', `otpauth://totp?secret=${BASE32}`, { name: '', issuer: '' }],
    ['capitals', `OTPAUTH://TOTP/x?Secret=${BASE32}&Digits=8`, { digits: 8 }],
    ['the digest', `otpauth://totp/x?secret=${BASE32}&algorithm=SHA-1`, { algorithm: 'SHA1' }],
    ['the digest', `otpauth://totp/x?secret=${BASE32}&algorithm=HmacSHA256`, { algorithm: 'SHA256' }],
    ['what apps decorate it with', `otpauth://totp/x?secret=${BASE32}&image=a&codeDisplay=b`, { digits: 6 }],
    [
      'the secret in groups',
      'otpauth://totp/x?secret=gezd+GNBV-gy3t%20qojq',
      { secret: 'gezd GNBV-gy3t qojq' },
    ],
  ])('is read however programs write %s', (_what, uri, read) => {
    expect(exportedEntries(uri).entries).toMatchObject([read]);
  });

  it.each([
    ['twice', `otpauth://totp/x?secret=${BASE32}&secret=JBSWY3DPEHPK3PXP`],
    ['twice', `otpauth://totp/x?secret=${BASE32}&digits=6&Digits=8`],
    ['not known', `otpauth://totp/x?secret=${BASE32}&t0=30`],
    ['not known', `otpauth://totp/x?secret=${BASE32}&pin=1234`],
    ['without a value', `otpauth://totp/x?secret=${BASE32}&issuer=AT&T`],
    ['algorithm', `otpauth://totp/x?secret=${BASE32}&algorithm=MD5`],
    ['digits', `otpauth://totp/x?secret=${BASE32}&digits=six`],
    ['period', `otpauth://totp/x?secret=${BASE32}&period=`],
    ['no secret', 'otpauth://totp/x'],
    ['type', `otpauth://steam/x?secret=${BASE32}`],
    ['no data', 'otpauth-migration://offline'],
  ])('is refused, not guessed at, for what is %s', (part, uri) => {
    expect(() => exportedEntries(uri)).toThrow(part);
    expect(() => exportedEntries(uri)).toThrow(NotAnExport);
  });

  it('of an encoder makes no codes of digits', () => {
    expect(exportedEntries(`otpauth://totp/x?secret=${BASE32}&encoder=steam`).entries).toMatchObject([
      { kind: 'unusable', why: expect.stringContaining('encoder') as string },
    ]);
  });

  it('is never anything but entries or NotAnExport, whatever the text, and tells none of it', () => {
    const texts = fc.oneof(
      fc.string(),
      fc
        .uint8Array({ maxLength: 200 })
        .map((bytes) => `otpauth-migration://offline?data=${Buffer.from(bytes).toString('base64url')}`),
      fc.string().map((text) => `otpauth://totp/${text}`),
      fc.string().map((text) => `otpauth-migration://offline?data=${encodeURIComponent(text)}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(exportedEntries(text).entries.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(NotAnExport);
          if (text.length > 60) expect((error as Error).message).not.toContain(text.slice(30));
        }
      }),
      { numRuns: 500 },
    );
  });
});
