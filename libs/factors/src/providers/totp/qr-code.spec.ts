import { inflateSync } from 'node:zlib';
import QRCode from 'qrcode';
import { describe, expect, it } from 'vitest';
import { qrCodeDataUri } from './qr-code.js';

const URI =
  'otpauth://totp/Acme:alice%40example.com?issuer=Acme&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30';

const PREFIX = 'data:image/png;base64,';

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly isDark: (x: number, y: number) => boolean;
}

/** Reads a PNG of 8 bits a channel (ISO/IEC 15948): enough of it to look at a QR code without a decoder. */
function readPng(file: Buffer): Picture {
  expect(file.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const body: Buffer[] = [];
  let header: Buffer = Buffer.alloc(0);
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    const chunk = file.subarray(at + 8, at + 8 + file.readUInt32BE(at));
    const name = file.toString('latin1', at + 4, at + 8);
    if (name === 'IHDR') header = chunk;
    if (name === 'IDAT') body.push(chunk);
  }
  expect(header.readUInt8(8)).toBe(8);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = { 0: 1, 2: 3, 4: 2, 6: 4 }[header.readUInt8(9)] ?? 0;
  const stride = width * channels;
  const raw = inflateSync(Buffer.concat(body));
  const pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw.readUInt8(y * (stride + 1));
    for (let x = 0; x < stride; x += 1) {
      const left = x < channels ? 0 : pixels.readUInt8(y * stride + x - channels);
      const up = y === 0 ? 0 : pixels.readUInt8((y - 1) * stride + x);
      const corner = x < channels || y === 0 ? 0 : pixels.readUInt8((y - 1) * stride + x - channels);
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? Number.NaN;
      pixels.writeUInt8((raw.readUInt8(y * (stride + 1) + 1 + x) + predicted) & 255, y * stride + x);
    }
  }
  return { width, height, isDark: (x, y) => pixels.readUInt8(y * stride + x * channels) < 128 };
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [byLeft, byUp, byCorner] = [left, up, corner].map((value) => Math.abs(estimate - value)) as [
    number,
    number,
    number,
  ];
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}

describe('the QR code', () => {
  it('is a PNG whose every module is that of the text at error correction level M', async () => {
    const dataUri = await qrCodeDataUri(URI);
    expect(dataUri.startsWith(PREFIX)).toBe(true);
    const picture = readPng(Buffer.from(dataUri.slice(PREFIX.length), 'base64'));
    const { modules } = QRCode.create(URI, { errorCorrectionLevel: 'M' });

    const scale = picture.width / (modules.size + 8);
    expect(picture.height).toBe(picture.width);
    expect(scale).toBeGreaterThanOrEqual(4);
    expect(Number.isInteger(scale)).toBe(true);

    let wrong = 0;
    for (let row = -4; row < modules.size + 4; row += 1) {
      for (let column = -4; column < modules.size + 4; column += 1) {
        const within = Math.min(row, column) >= 0 && Math.max(row, column) < modules.size;
        const dark = within && modules.get(row, column) === 1;
        const [x, y] = [column, row].map((module) => Math.floor((module + 4.5) * scale)) as [number, number];
        if (picture.isDark(x, y) !== dark) wrong += 1;
      }
    }
    expect(wrong).toBe(0);
  });

  it('refuses a text that no QR code holds', async () => {
    await expect(qrCodeDataUri('x'.repeat(2332))).rejects.toThrow();
  });
});
