import fc from 'fast-check';
import { TOTP, URI } from 'otpauth';
import QRCode from 'qrcode';
import { describe, expect, it } from 'vitest';
import { keyUri, type KeyUriParts } from './key-uri.js';

const parts: KeyUriParts = {
  issuer: 'Acme',
  account: 'alice@example.com',
  secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
  algorithm: 'SHA1',
  digits: 6,
  period: 30,
};

const read = (uri: string): TOTP => {
  const otp = URI.parse(uri);
  if (!(otp instanceof TOTP)) throw new Error('not a TOTP URI');
  return otp;
};

describe('the key URI', () => {
  it('names issuer and account in the label, the issuer again, and every parameter', () => {
    const url = new URL(keyUri(parts));
    expect(url.protocol).toBe('otpauth:');
    expect(url.host).toBe('totp');
    expect(url.pathname).toBe('/Acme:alice%40example.com');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      issuer: 'Acme',
      secret: parts.secret,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
  });

  it('gives back every issuer, account and parameter when an app reads it', () => {
    // Any text but what is cut or changed on purpose, which the rules below hold.
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
    const issuers = name.map((text) => text.replace(/[\s:]+/g, ' ').trim()).filter((text) => text !== '');
    fc.assert(
      fc.property(
        issuers.filter((text) => encodeURIComponent(text).length <= 180),
        name.filter((text) => encodeURIComponent(text).length <= 300),
        fc.constantFrom('SHA1', 'SHA256', 'SHA512'),
        fc.constantFrom(6, 8),
        fc.constantFrom(30, 60),
        (issuer, account, algorithm, digits, period) => {
          const otp = read(keyUri({ ...parts, issuer, account, algorithm, digits, period }));
          expect(otp.secret.base32).toBe(parts.secret);
          expect([otp.issuer, otp.label]).toEqual([issuer, account.replaceAll(':', ' ')]);
          expect([otp.algorithm, otp.digits, otp.period]).toEqual([algorithm, digits, period]);
        },
      ),
    );
  });

  it('has no colon in issuer or account, which an app would split them at', () => {
    const otp = read(keyUri({ ...parts, issuer: 'Acme: EU', account: 'tenant:42' }));
    expect([otp.issuer, otp.label]).toEqual(['Acme EU', 'tenant 42']);
    expect(keyUri({ ...parts, issuer: 'Acme: EU' })).toContain('/Acme%20EU:alice');
    expect(keyUri({ ...parts, account: 'tenant:42' })).toContain('/Acme:tenant%2042?');
  });

  it('names some issuer even where the application is called nothing but colons', () => {
    const otp = read(keyUri({ ...parts, issuer: ' : ', account: 'tenant:42' }));
    expect([otp.issuer, otp.label]).toEqual(['Countersign', 'tenant 42']);
  });

  it('keeps the longest e-mail address whole and cuts longer names at a character', () => {
    const address = `${'a'.repeat(64)}@${'b'.repeat(185)}.com`;
    expect(read(keyUri({ ...parts, account: address })).label).toBe(address);
    const cut = read(keyUri({ ...parts, issuer: '証'.repeat(100), account: '😀'.repeat(100) }));
    expect(cut.issuer).toBe(`${'証'.repeat(19)}…`);
    expect(cut.label).toBe(`${'😀'.repeat(24)}…`);
  });

  it('stays small enough for a QR code of at most 105 modules whatever the names are', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 400 });
    fc.assert(
      fc.property(anything, anything, (issuer, account) => {
        const uri = keyUri({ ...parts, issuer, account });
        expect(QRCode.create(uri, { errorCorrectionLevel: 'M' }).modules.size).toBeLessThanOrEqual(105);
      }),
      { numRuns: 8, examples: [['ü:'.repeat(200), '"'.repeat(400)]] },
    );
  });

  it('bears half a surrogate pair', () => {
    expect(read(keyUri({ ...parts, issuer: 'A\ud83d', account: '\ude00b' })).label).toBe('\ufffdb');
  });
});
