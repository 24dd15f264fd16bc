import * as OTPAuth from 'otpauth';
import { PbfReader } from 'pbf';

/** An authenticator secret as another system exported it. */
export interface ExportedTotp {
  readonly kind: 'totp';
  /** Who it was for, as its label says. */
  readonly name: string;
  /** Base32. */
  readonly secret: string;
  readonly algorithm: string;
  readonly digits: number;
  /** Seconds. */
  readonly period: number;
}

/** An entry that is no TOTP, or of a kind that cannot be kept. */
export interface UnusableEntry {
  readonly kind: 'unusable';
  readonly name: string;
  readonly why: string;
}

/** What stands in one URI. Google Authenticator splits an export over several QR codes: a batch. */
export interface ExportedEntries {
  readonly entries: readonly (ExportedTotp | UnusableEntry)[];
  readonly batch: { readonly id: number; readonly index: number; readonly size: number } | undefined;
}

/** Raised for a text that is no export. Its message never quotes the text, which holds secrets. */
export class NotAnExport extends Error {
  override readonly name = 'NotAnExport';
}

const LONGEST_URI = 64 * 1024;
const MOST_ENTRIES = 1_000;

/**
 * Reads `otpauth://totp/…` (the key URI of one secret) or `otpauth-migration://offline?data=…` (what Google
 * Authenticator exports: a protocol buffer in base64).
 *
 * @throws NotAnExport for anything else
 */
export function exportedEntries(uri: string): ExportedEntries {
  if (uri.length > LONGEST_URI) throw new NotAnExport('is too long for an export');
  if (uri.startsWith('otpauth-migration://')) return migrationEntries(uri);
  if (uri.startsWith('otpauth://')) return { entries: [keyUriEntry(uri)], batch: undefined };
  throw new NotAnExport('is neither an otpauth:// nor an otpauth-migration:// address');
}

function keyUriEntry(uri: string): ExportedTotp | UnusableEntry {
  try {
    const parsed = OTPAuth.URI.parse(uri);
    if (!(parsed instanceof OTPAuth.TOTP)) return unusable(parsed.label, 'counts presses (HOTP), not time');
    const { label, secret, algorithm, digits, period } = parsed;
    return { kind: 'totp', name: label, secret: secret.base32, algorithm, digits, period };
  } catch {
    throw new NotAnExport('is no key URI that can be read');
  }
}

// The schema of Google Authenticator's export, as its app's users have worked it out.
const ALGORITHMS: Readonly<Record<number, string>> = { 0: 'SHA1', 1: 'SHA1', 2: 'SHA256', 3: 'SHA512' };
const DIGITS: Readonly<Record<number, number>> = { 0: 6, 1: 6, 2: 8 };
const HOTP = 1;
/** What the app counts by: the export does not say. */
const PERIOD = 30;

interface Payload {
  readonly entries: (ExportedTotp | UnusableEntry)[];
  batchSize: number;
  batchIndex: number;
  batchId: number;
}

interface Parameters {
  secret: Uint8Array;
  name: string;
  algorithm: number;
  digits: number;
  type: number;
}

function migrationEntries(uri: string): ExportedEntries {
  const data = new URL(uri).searchParams.get('data')?.replaceAll(' ', '+');
  if (data === undefined || data === '' || !/^[A-Za-z0-9+/_-]+=*$/.test(data)) {
    throw new NotAnExport('holds no data');
  }
  try {
    const payload = new PbfReader(Buffer.from(data, 'base64')).readFields(readPayload, {
      entries: [],
      batchSize: 1,
      batchIndex: 0,
      batchId: 0,
    });
    if (payload.entries.length === 0) throw new NotAnExport('holds no entries');
    const { batchId: id, batchIndex: index, batchSize: size } = payload;
    return { entries: payload.entries, batch: size > 1 ? { id, index, size } : undefined };
  } catch (error) {
    if (error instanceof NotAnExport) throw error;
    throw new NotAnExport('cannot be read as an export');
  }
}

function readPayload(tag: number, payload: Payload, reader: PbfReader): void {
  switch (tag) {
    case 1: {
      if (payload.entries.length >= MOST_ENTRIES) throw new NotAnExport('holds too many entries');
      const none: Parameters = { secret: new Uint8Array(), name: '', algorithm: 0, digits: 0, type: 0 };
      payload.entries.push(entryOf(reader.readMessage(readParameters, none)));
      break;
    }
    case 3:
      payload.batchSize = reader.readVarint();
      break;
    case 4:
      payload.batchIndex = reader.readVarint();
      break;
    case 5:
      payload.batchId = reader.readVarint(true);
      break;
    default:
  }
}

function readParameters(tag: number, parameters: Parameters, reader: PbfReader): void {
  switch (tag) {
    case 1:
      parameters.secret = reader.readBytes();
      break;
    case 2:
      parameters.name = reader.readString();
      break;
    case 4:
      parameters.algorithm = reader.readVarint();
      break;
    case 5:
      parameters.digits = reader.readVarint();
      break;
    case 6:
      parameters.type = reader.readVarint();
      break;
    default:
  }
}

function entryOf({ secret, name, algorithm, digits, type }: Parameters): ExportedTotp | UnusableEntry {
  const known = ALGORITHMS[algorithm];
  const length = DIGITS[digits];
  if (type === HOTP) return unusable(name, 'counts presses (HOTP), not time');
  if (known === undefined) return unusable(name, 'uses a digest other than SHA-1, SHA-256 and SHA-512');
  if (length === undefined) return unusable(name, 'has a number of digits other than 6 and 8');
  const bytes = Uint8Array.from(secret);
  return {
    kind: 'totp',
    name,
    secret: new OTPAuth.Secret({ buffer: bytes.buffer }).base32,
    algorithm: known,
    digits: length,
    period: PERIOD,
  };
}

function unusable(name: string, why: string): UnusableEntry {
  return { kind: 'unusable', name, why };
}
