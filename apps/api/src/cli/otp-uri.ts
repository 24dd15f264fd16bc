import { type ExportedEntries, type ExportedEntry, labelParts, NotAnExport } from './exported-entry.js';
import { migrationEntries } from './migration-payload.js';

const LONGEST_URI = 64 * 1024;

/** What apps add for themselves: how an entry looks, and nothing that its codes depend on. */
const DECORATION = new Set([
  'issuer',
  'account',
  'name',
  'label',
  'image',
  'icon',
  'color',
  'colour',
  'group',
  'tags',
  'lock',
  'codedisplay',
]);

const ALGORITHMS: Readonly<Record<string, string>> = {
  SHA1: 'SHA1',
  SHA256: 'SHA256',
  SHA512: 'SHA512',
  HMACSHA1: 'SHA1',
  HMACSHA256: 'SHA256',
  HMACSHA512: 'SHA512',
};

/**
 * Reads `otpauth://totp/…` (the key URI of one secret,
 * https://github.com/google/google-authenticator/wiki/Key-Uri-Format) or `otpauth-migration://offline?data=…` (what
 * Google Authenticator exports). Names may hold what apps write there unescaped. Whatever codes depend on is read
 * exactly or refused: a factor with a guessed parameter locks its user out.
 *
 * @throws NotAnExport for anything else
 */
export function exportedEntries(uri: string): ExportedEntries {
  if (uri.length > LONGEST_URI) throw new NotAnExport('is too long for an export');
  const [scheme = '', rest = ''] = splitOnce(uri, '://');
  switch (scheme.toLowerCase()) {
    case 'otpauth':
      return { entries: [keyUriEntry(rest)], batch: undefined };
    case 'otpauth-migration':
      return migrationEntries(parametersIn(splitOnce(rest, '?')[1] ?? '').get('data'));
    default:
      throw new NotAnExport('is neither an otpauth:// nor an otpauth-migration:// address');
  }
}

function keyUriEntry(rest: string): ExportedEntry {
  const [path = '', query = ''] = splitOnce(rest, '?');
  const [type = '', label = ''] = splitOnce(path, '/');
  const parameters = parametersIn(query);
  const { issuer, name } = labelParts(decoded(label));
  const names = { issuer: parameters.get('issuer')?.trim() || issuer, name };
  switch (type.toLowerCase()) {
    case 'totp':
      return totpEntry(names, parameters);
    case 'hotp':
      return { kind: 'unusable', ...names, why: 'counts presses (HOTP), not time' };
    default:
      throw new NotAnExport('has a type other than totp');
  }
}

function totpEntry(
  names: { issuer: string; name: string },
  parameters: ReadonlyMap<string, string>,
): ExportedEntry {
  if (parameters.has('encoder')) {
    return { kind: 'unusable', ...names, why: 'has an encoder: its codes are not digits (Steam)' };
  }
  for (const name of parameters.keys()) {
    if (!DECORATION.has(name) && !['secret', 'algorithm', 'digits', 'period'].includes(name)) {
      throw new NotAnExport('has a parameter that is not known: its codes may depend on it');
    }
  }
  const secret = parameters.get('secret') ?? '';
  if (secret === '') throw new NotAnExport('has no secret');
  return {
    kind: 'totp',
    ...names,
    secret,
    algorithm: algorithmIn(parameters.get('algorithm')),
    digits: numberIn(parameters.get('digits'), 6, 'digits that are not a number'),
    period: numberIn(parameters.get('period'), 30, 'a period that is not a number'),
  };
}

function algorithmIn(spelled: string | undefined): string {
  if (spelled === undefined) return 'SHA1';
  const known =
    ALGORITHMS[
      spelled
        .trim()
        .replace(/[-_/ ]/g, '')
        .toUpperCase()
    ];
  if (known === undefined) throw new NotAnExport('has an algorithm other than SHA1, SHA256 and SHA512');
  return known;
}

function numberIn(spelled: string | undefined, otherwise: number, fault: string): number {
  if (spelled === undefined) return otherwise;
  if (!/^\d{1,4}$/.test(spelled.trim())) throw new NotAnExport(`has ${fault}`);
  return Number(spelled);
}

// Not URLSearchParams: it drops what follows a raw “#”, and keeps the first of two secrets without a word.
function parametersIn(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query.split('&')) {
    if (part === '') continue;
    const [name = '', value] = splitOnce(part, '=');
    if (value === undefined) {
      throw new NotAnExport('has a parameter without a value (an “&” inside a name is written %26)');
    }
    const known = name.toLowerCase();
    if (parameters.has(known)) throw new NotAnExport('has a parameter twice');
    parameters.set(known, decoded(value.replaceAll('+', ' ')));
  }
  return parameters;
}

// A bare “%”, as in “100%”, stands for itself.
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return text;
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
