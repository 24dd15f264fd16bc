import { NotAnExport } from './exported-entry.js';

const ADDRESS = /^otpauth(?:-migration)?:\/\//i;
const ADDRESSES = /otpauth(?:-migration)?:\/\//gi;

/** What systems call these columns, in lower case letters. */
const COLUMN_NAMES = new Set(
  (
    'user username userid login loginusername email mail account accountname externalid id name ' +
    'uri url address otp totp logintotp otpauth otpauthuri otpauthurl keyuri secret'
  ).split(' '),
);

/** The two columns of a line. */
export interface Columns {
  readonly user?: string;
  readonly uri: string;
}

/** Whether a line holds an address, wherever it stands. */
export function holdsAddress(line: string): boolean {
  return line.search(ADDRESSES) !== -1;
}

/** Whether a line is nothing but names of columns. */
export function isHeader(line: string): boolean {
  return line.split(/[\t,;]/).every((name) => COLUMN_NAMES.has(name.toLowerCase().replace(/[^a-z]/g, '')));
}

/**
 * Takes a line apart: a user and an address, in any order. A line with anything else is refused, because what stands
 * there may be a password, and because a user is never guessed.
 *
 * @param alone whether a line that begins with an address is nothing but that
 * @throws NotAnExport in words that quote nothing of the line
 */
export function columnsOf(line: string, alone: boolean): Columns {
  // Who copied it from a web page has this for “&”.
  const text = line.replaceAll('&amp;', '&');
  const count = text.match(ADDRESSES)?.length ?? 0;
  if (count === 0) throw new NotAnExport('holds no otpauth:// or otpauth-migration:// address');
  if (count > 1) throw new NotAnExport('holds more than one address');
  if (alone && ADDRESS.test(text)) return { uri: text };
  const columns = columnsIn(text);
  while (columns.length > 1 && columns.at(-1) === '') columns.pop();
  if (columns.length > 2) {
    throw new NotAnExport(
      'has more columns than a user and an address (an address with such a sign in it is put in double quotes)',
    );
  }
  const uri = columns.find((column) => ADDRESS.test(column));
  if (uri === undefined) return separatedByBlanks(columns);
  const user = columns.find((column) => column !== uri);
  return user === undefined || user === '' ? { uri } : { user, uri };
}

function separatedByBlanks([only = '', ...more]: readonly string[]): Columns {
  const at = only.search(ADDRESSES);
  if (more.length > 0 || at < 1 || !/\s/.test(only.charAt(at - 1))) {
    throw new NotAnExport('holds something before the address in its field');
  }
  return { user: only.slice(0, at).trim(), uri: only.slice(at) };
}

// RFC 4180, with a tab, comma or semicolon, whichever comes first.
function columnsIn(line: string): string[] {
  const columns: string[] = [];
  let separator: string | undefined;
  let rest = line;
  for (;;) {
    const { column, after } = rest.trimStart().startsWith('"')
      ? quoted(rest.trimStart())
      : bare(rest, separator);
    columns.push(column.trim());
    if (after === '') return columns;
    separator ??= after.charAt(0);
    if (after.charAt(0) !== separator) throw new NotAnExport('has something behind a quoted column');
    rest = after.slice(1);
  }
}

function bare(text: string, separator: string | undefined): { column: string; after: string } {
  const end = separator === undefined ? text.search(/[\t,;]/) : text.indexOf(separator);
  return end === -1 ? { column: text, after: '' } : { column: text.slice(0, end), after: text.slice(end) };
}

function quoted(text: string): { column: string; after: string } {
  const [whole, inside = ''] = /^"((?:[^"]|"")*)"/.exec(text) ?? [];
  if (whole === undefined) throw new NotAnExport('has a quoted column that does not end on the line');
  const after = text.slice(whole.length).replace(/^ +/, '');
  if (!/^(?:$|[\t,;])/.test(after)) throw new NotAnExport('has something behind a quoted column');
  return { column: inside.replaceAll('""', '"'), after };
}
