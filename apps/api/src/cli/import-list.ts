import { type ExportedEntries, type ExportedEntry, NotAnExport } from './exported-entry.js';
import { foreignFormat } from './foreign-format.js';
import { columnsOf, holdsAddress, isHeader } from './import-line.js';
import { exportedEntries } from './otp-uri.js';

/** One secret, and whom it is for. */
export interface ImportItem {
  /** Where it stands: `line 3`, `line 3, entry 2`. */
  readonly place: string;
  /** The account's e-mail address, or the application's own id for the user. */
  readonly user: string;
  readonly entry: ExportedEntry;
}

/** What a list holds. */
export interface ImportList {
  readonly items: readonly ImportItem[];
  /** Lines that cannot be used, as sentences that quote none of them. */
  readonly faults: readonly string[];
}

/** What the operator says of all lines. */
export interface ImportOptions {
  /** Whose all of them are; each line names its own where this is absent. */
  readonly user?: string;
  /** The issuer whose entries are taken from exports with those of several. */
  readonly issuer?: string;
}

/** Raised for a text that is no list at all. Its message never quotes the text. */
export class NotAList extends Error {
  override readonly name = 'NotAList';
}

interface Batch {
  readonly place: string;
  readonly size: number;
  readonly seen: Set<number>;
}

/**
 * Reads a list of exports, a line each: a user and a URI with a tab, comma, semicolon or blanks between them, quoted as
 * in CSV or bare, or the URI alone where all are one user's. Empty lines, those that begin with # and a first one with
 * the names of the columns are passed over.
 *
 * @throws NotAList where it is a file of another kind, or empty
 */
export function importList(text: string, options: ImportOptions): ImportList {
  const foreign = foreignFormat(text);
  if (foreign !== undefined) throw new NotAList(foreign);
  const items: ImportItem[] = [];
  const faults: string[] = [];
  const batches = new Map<string, Batch>();
  let first = true;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const header = first && !holdsAddress(line) && isHeader(line);
    first = false;
    if (header) continue;
    const place = `line ${index + 1}`;
    try {
      items.push(...itemsOf(line, place, options, batches));
    } catch (error) {
      if (!(error instanceof NotAnExport)) throw error;
      faults.push(`${place} ${error.message}`);
    }
  }
  if (items.length === 0 && faults.length === 0) throw new NotAList('There is nothing to import.');
  return { items, faults: [...faults, ...incomplete(batches)] };
}

function itemsOf(
  line: string,
  place: string,
  { user: onlyUser, issuer }: ImportOptions,
  batches: Map<string, Batch>,
): ImportItem[] {
  const { user = onlyUser, uri } = columnsOf(line, onlyUser !== undefined);
  if (user === undefined) throw new NotAnExport('names no user: write “user,otpauth://…”, or give --user');
  const { entries, batch } = exportedEntries(uri);
  note(batches, user, place, batch);
  return ofIssuer(
    entries.map((entry, nth) => ({
      place: entries.length === 1 ? place : `${place}, entry ${nth + 1}`,
      user,
      entry,
    })),
    issuer,
  );
}

// An app exports whatever it holds: the codes of a bank are no second factor here.
function ofIssuer(items: ImportItem[], chosen: string | undefined): ImportItem[] {
  const issuers = new Set(items.map(({ entry }) => entry.issuer.toLowerCase()));
  if (items.length === 1 && chosen === undefined) return items;
  if (chosen === undefined) {
    if (issuers.size > 1) throw new NotAnExport('has entries of several issuers: choose one with --issuer');
    return items;
  }
  const own = items.filter(({ entry }) => entry.issuer.toLowerCase() === chosen.toLowerCase());
  if (own.length === 0) throw new NotAnExport('has no entry of the issuer that --issuer names');
  return own;
}

function note(
  batches: Map<string, Batch>,
  user: string,
  place: string,
  batch: ExportedEntries['batch'],
): void {
  if (batch === undefined) return;
  const key = `${batch.id} ${user}`;
  const known = batches.get(key) ?? { place, size: batch.size, seen: new Set() };
  known.seen.add(batch.index);
  batches.set(key, known);
}

function incomplete(batches: ReadonlyMap<string, Batch>): string[] {
  return [...batches.values()]
    .filter(({ size, seen }) => seen.size < size)
    .map(
      ({ place, size, seen }) =>
        `${place} is one of ${size} QR codes of an export, of which ${seen.size} ${seen.size === 1 ? 'is' : 'are'} here`,
    );
}
