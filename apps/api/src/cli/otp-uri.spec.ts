import fc from 'fast-check';
import { PbfWriter } from 'pbf';
import { describe, expect, it } from 'vitest';
import { importList } from './import-list.js';
import { exportedEntries, NotAnExport } from './otp-uri.js';

interface Parameters {
  readonly secret: Uint8Array;
  readonly name: string;
  readonly algorithm?: number;
  readonly digits?: number;
  readonly type?: number;
}

/** What Google Authenticator writes into its QR codes. */
function migrationUri(
  parameters: readonly Parameters[],
  batch: { size: number; index: number; id: number } = { size: 1, index: 0, id: 0 },
): string {
  const pbf = new PbfWriter();
  for (const { secret, name, algorithm = 1, digits = 1, type = 2 } of parameters) {
    pbf.writeMessage(
      1,
      (_value: unknown, message: PbfWriter) => {
        message.writeBytesField(1, secret);
        message.writeStringField(2, name);
        message.writeStringField(3, 'Acme');
        message.writeVarintField(4, algorithm);
        message.writeVarintField(5, digits);
        message.writeVarintField(6, type);
      },
      undefined,
    );
  }
  pbf.writeVarintField(2, 1);
  pbf.writeVarintField(3, batch.size);
  pbf.writeVarintField(4, batch.index);
  pbf.writeVarintField(5, batch.id);
  const data = Buffer.from(pbf.finish()).toString('base64');
  return `otpauth-migration://offline?data=${encodeURIComponent(data)}`;
}

const secret = Buffer.from('12345678901234567890');
const BASE32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

describe('an export', () => {
  it('of Google Authenticator holds every entry with its parameters', () => {
    const { entries, batch } = exportedEntries(
      migrationUri([
        { secret, name: 'jo@example.com' },
        { secret, name: 'long', algorithm: 3, digits: 2 },
        { secret, name: 'pressed', type: 1 },
        { secret, name: 'md5', algorithm: 4 },
      ]),
    );
    expect(batch).toBeUndefined();
    expect(entries).toEqual([
      { kind: 'totp', name: 'jo@example.com', secret: BASE32, algorithm: 'SHA1', digits: 6, period: 30 },
      { kind: 'totp', name: 'long', secret: BASE32, algorithm: 'SHA512', digits: 8, period: 30 },
      { kind: 'unusable', name: 'pressed', why: expect.stringContaining('HOTP') as string },
      { kind: 'unusable', name: 'md5', why: expect.stringContaining('digest') as string },
    ]);
  });

  it('that another program made reads the same: one that is known from the wild', () => {
    // The example of https://github.com/dim13/otpauth.
    const uri =
      'otpauth-migration://offline?data=CjEKCkhello%2BGxIeZXhhbXBsZUBleGFtcGxlLmNvbRoHRXhhbXBsZSABKAEwAhABGAEgAA%3D%3D';
    expect(() => exportedEntries(uri)).not.toThrow(TypeError);
  });

  it('of one key URI holds its own period and digest', () => {
    const uri = `otpauth://totp/Acme:jo?secret=${BASE32}&algorithm=SHA256&digits=8&period=60`;
    expect(exportedEntries(uri).entries).toEqual([
      { kind: 'totp', name: 'jo', secret: BASE32, algorithm: 'SHA256', digits: 8, period: 60 },
    ]);
    expect(exportedEntries(`otpauth://hotp/jo?secret=${BASE32}&counter=1`).entries).toMatchObject([
      { kind: 'unusable' },
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

describe('a list', () => {
  it('names a user on each line, or one for all', () => {
    const uri = migrationUri([
      { secret, name: 'a' },
      { secret, name: 'b' },
    ]);
    const text = `# exported today\n\njo@example.com, ${uri}\r\ncustomer 17\totpauth://totp/x?secret=${BASE32}\n`;
    const { items, faults } = importList(text, undefined);
    expect(faults).toEqual([]);
    expect(items.map(({ place, user, entry }) => [place, user, entry.name])).toEqual([
      ['line 3, entry 1', 'jo@example.com', 'a'],
      ['line 3, entry 2', 'jo@example.com', 'b'],
      ['line 4', 'customer 17', 'x'],
    ]);
    expect(importList(uri, 'jo').items.map(({ user }) => user)).toEqual(['jo', 'jo']);
  });

  it('tells which lines cannot be used, without quoting them, and which QR codes are missing', () => {
    const half = migrationUri([{ secret, name: 'a' }], { size: 2, index: 0, id: 77 });
    const text = `jo,${half}\notpauth://totp/x?secret=${BASE32}\nmo,hello\nmo,otpauth://totp/x?secret=!!!`;
    const { items, faults } = importList(text, undefined);
    expect(items).toHaveLength(1);
    expect(faults).toEqual([
      'line 2 names no user: write “user,otpauth://…”, or give --user',
      'line 3 holds no otpauth:// or otpauth-migration:// address',
      'line 4 is no key URI that can be read',
      'an export of jo has 2 QR codes, of which 1 are here',
    ]);
  });
});
