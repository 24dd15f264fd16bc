import { PbfWriter } from 'pbf';

/** An entry of an export. */
export interface MigrationEntry {
  readonly secret: Uint8Array;
  readonly name: string;
  readonly issuer?: string;
  readonly algorithm?: number;
  readonly digits?: number;
  readonly type?: number;
}

/** What Google Authenticator writes into its QR codes, as bytes. */
export function migrationPayload(
  entries: readonly MigrationEntry[],
  batch: { size: number; index: number; id: number } = { size: 1, index: 0, id: 0 },
): Uint8Array {
  const pbf = new PbfWriter();
  for (const { secret, name, issuer = 'Acme', algorithm = 1, digits = 1, type = 2 } of entries) {
    pbf.writeMessage(
      1,
      (_value: unknown, message: PbfWriter) => {
        message.writeBytesField(1, secret);
        message.writeStringField(2, name);
        message.writeStringField(3, issuer);
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
  return pbf.finish();
}

/** The same as the address that such a QR code holds. */
export function migrationUri(...payload: Parameters<typeof migrationPayload>): string {
  return migrationUriOf(migrationPayload(...payload));
}

/** An address with any bytes in place of the payload. */
export function migrationUriOf(payload: Uint8Array): string {
  const data = Buffer.from(payload).toString('base64');
  return `otpauth-migration://offline?data=${encodeURIComponent(data)}`;
}
