import * as OTPAuth from 'otpauth';
import { PbfReader } from 'pbf';
import { type ExportedEntries, type ExportedEntry, labelParts, NotAnExport } from './exported-entry.js';

const MOST_ENTRIES = 1_000;

// The schema of Google Authenticator's export, as its app's users have worked it out.
const ALGORITHMS: Readonly<Record<number, string>> = { 0: 'SHA1', 1: 'SHA1', 2: 'SHA256', 3: 'SHA512' };
const DIGITS: Readonly<Record<number, number>> = { 0: 6, 1: 6, 2: 8 };
const HOTP = 1;
const TOTP = 2;
/** What the app counts by: the export does not say. */
const PERIOD = 30;

interface Payload {
  readonly entries: ExportedEntry[];
  batchSize: number;
  batchIndex: number;
  batchId: number;
}

interface Parameters {
  secret: Uint8Array;
  name: string;
  issuer: string;
  algorithm: number;
  digits: number;
  type: number;
}

/**
 * Reads the payload of a QR code of Google Authenticator: a protocol buffer in base64.
 *
 * @param data the `data` of its address, percent-decoded
 * @throws NotAnExport where it cannot be read to its end
 */
export function migrationEntries(data: string | undefined): ExportedEntries {
  // What was a “+” has become a blank.
  const base64 = data?.replaceAll(' ', '+') ?? '';
  if (!/^[A-Za-z0-9+/_-]+=*$/.test(base64)) throw new NotAnExport('holds no data');
  const payload = readWhole(Buffer.from(base64, 'base64'), readPayload, {
    entries: [],
    batchSize: 1,
    batchIndex: 0,
    batchId: 0,
  });
  if (payload.entries.length === 0) throw new NotAnExport('holds no entries');
  const { batchId: id, batchIndex: index, batchSize: size } = payload;
  return { entries: payload.entries, batch: size > 1 ? { id, index, size } : undefined };
}

// The reader takes what is there where a length points past the end: of a cut secret, its first half.
function readWhole<T>(
  bytes: Uint8Array,
  readField: (tag: number, result: T, reader: PbfReader) => void,
  result: T,
): T {
  const reader = new PbfReader(bytes);
  try {
    reader.readFields(readField, result);
  } catch (error) {
    if (error instanceof NotAnExport) throw error;
    throw new NotAnExport('cannot be read as an export');
  }
  if (reader.pos !== bytes.length) throw new NotAnExport('is cut off');
  return result;
}

function readPayload(tag: number, payload: Payload, reader: PbfReader): void {
  switch (tag) {
    case 1: {
      if (payload.entries.length >= MOST_ENTRIES) throw new NotAnExport('holds too many entries');
      const none = { secret: new Uint8Array(), name: '', issuer: '', algorithm: 0, digits: 0, type: 0 };
      payload.entries.push(entryOf(readWhole<Parameters>(reader.readBytes(), readParameters, none)));
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
    case 3:
      parameters.issuer = reader.readString();
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

function entryOf({ secret, name: label, issuer: named, algorithm, digits, type }: Parameters): ExportedEntry {
  const { issuer, name } = labelParts(label);
  const names = { name, issuer: named === '' ? issuer : named };
  const known = ALGORITHMS[algorithm];
  const length = DIGITS[digits];
  const unusable = (why: string): ExportedEntry => ({ kind: 'unusable', ...names, why });
  if (type === HOTP) return unusable('counts presses (HOTP), not time');
  if (type !== TOTP) return unusable('has a type other than totp');
  if (known === undefined) return unusable('has an algorithm other than SHA1, SHA256 and SHA512');
  if (length === undefined) return unusable('has digits other than 6 and 8');
  return {
    kind: 'totp',
    ...names,
    secret: new OTPAuth.Secret({ buffer: Uint8Array.from(secret).buffer }).base32,
    algorithm: known,
    digits: length,
    period: PERIOD,
  };
}
