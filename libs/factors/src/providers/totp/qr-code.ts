import QRCode from 'qrcode';

/** Pixels per module: a usual key URI comes out near 350 pixels wide, which phones read off a screen. */
const SCALE = 6;

/** ISO/IEC 18004 asks for a quiet zone of four modules. */
const QUIET_ZONE = 4;

/**
 * Draws a text as a QR code with error correction level M.
 *
 * @param text at most 2331 bytes of UTF-8
 * @returns a PNG as a `data:image/png;base64,` URI
 * @throws Error where the text is too long for a QR code
 */
export function qrCodeDataUri(text: string): Promise<string> {
  return QRCode.toDataURL(text, {
    type: 'image/png',
    errorCorrectionLevel: 'M',
    scale: SCALE,
    margin: QUIET_ZONE,
  });
}
