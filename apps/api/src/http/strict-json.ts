import { Problem } from '@countersign/core';
import { isExactNumber } from './exact-number.js';
import { validationFailed } from './validation.js';

const MOST_DEPTH = 16;
// Keys that would reach into objects instead of naming a field.
const FORBIDDEN_KEYS = new Set(['prototype', ...Object.getOwnPropertyNames(Object.prototype)]);
// Far more fields than any route has; each unknown one would cost the validation and a line of the answer.
const MOST_KEYS = 64;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const NUMBER = /-?[0-9][0-9.eE+-]*/y;

/** An object or array that the scan is inside of. */
interface Level {
  /** The keys of an object so far; absent for an array. */
  readonly keys: Set<string> | undefined;
  /** The key or index that the scan is at. */
  at: string | number;
}

/**
 * Reads a request's body: a JSON object in UTF-8 that repeats no key, nests no deeper than 16 levels and contains no
 * NUL, no lone surrogate and no number that a double changes (RFC 8259 sections 4, 6 and 8; RFC 7493, I-JSON).
 *
 * @throws Problem `malformed_request`, for a number `validation_failed`
 */
export function parseStrictJson(body: Uint8Array): unknown {
  const text = decode(body);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('The body is not valid JSON.');
  }
  // The text is valid JSON from here on, so the scan below need not check its grammar.
  scan(text);
  return value;
}

function decode(body: Uint8Array): string {
  try {
    return decoder.decode(body);
  } catch {
    throw malformed('The body is not UTF-8.');
  }
}

function scan(text: string): void {
  const levels: Level[] = [];
  let at = 0;
  while (at < text.length) {
    const symbol = text[at] ?? '';
    const level = levels.at(-1);
    if (symbol === '{' || symbol === '[') {
      levels.push(symbol === '{' ? { keys: new Set(), at: '' } : { keys: undefined, at: 0 });
      if (levels.length > MOST_DEPTH) throw malformed(`The body nests deeper than ${MOST_DEPTH} levels.`);
    } else if (symbol === '}' || symbol === ']') {
      levels.pop();
    } else if (symbol === ',' && typeof level?.at === 'number') {
      level.at += 1;
    } else if (symbol === '"') {
      const end = endOfString(text, at);
      const string = JSON.parse(text.slice(at, end)) as string;
      checkString(string);
      if (level !== undefined && isKey(text, end)) {
        checkKey(string, level.keys);
        level.at = string;
      }
      at = end;
      continue;
    } else if (symbol === '-' || (symbol >= '0' && symbol <= '9')) {
      at = checkNumber(text, at, levels);
      continue;
    }
    at += 1;
  }
}

// A number that changes when it is read counts as another one: an approval of one amount would be one of both.
function checkNumber(text: string, start: number, levels: readonly Level[]): number {
  NUMBER.lastIndex = start;
  const [literal = ''] = NUMBER.exec(text) ?? [];
  if (!isExactNumber(literal)) {
    const path = levels.map(({ at }) => at).join('.');
    throw validationFailed([{ path, message: 'cannot be held exactly by a double: send it as a string' }]);
  }
  return start + literal.length;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n' || text[at] === '\r') at += 1;
  return text[at] === ':';
}

function checkString(string: string): void {
  if (string.includes('\0')) throw malformed('The body contains a NUL.');
  if (!string.isWellFormed()) throw malformed('The body contains a lone surrogate.');
}

function checkKey(key: string, seen: Set<string> | undefined): void {
  if (FORBIDDEN_KEYS.has(key)) throw malformed(`The body uses the key “${key}”.`);
  if (seen?.has(key) === true) throw malformed('The body repeats a key.');
  seen?.add(key);
  if (seen !== undefined && seen.size > MOST_KEYS) {
    throw malformed(`The body has an object of more than ${MOST_KEYS} fields.`);
  }
}

function malformed(detail: string): Problem {
  return new Problem('malformed_request', { detail });
}
