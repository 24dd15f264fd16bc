import { UsageError } from './command.js';
import {
  type ExportedEntries,
  exportedEntries,
  NotAnExport,
  type UnusableEntry,
  type ExportedTotp,
} from './otp-uri.js';

/** One secret, and whom it is for. */
export interface ImportItem {
  /** Where it stands: `line 3`, `line 3, entry 2`. */
  readonly place: string;
  /** The account's e-mail address, or the application's own id for the user. */
  readonly user: string;
  readonly entry: ExportedTotp | UnusableEntry;
}

/** What a list holds. */
export interface ImportList {
  readonly items: readonly ImportItem[];
  /** Lines that cannot be used, as sentences. */
  readonly faults: readonly string[];
}

/**
 * Reads a list of exports, a line each: a user and a URI with a tab, comma, semicolon or blanks between them, or the
 * URI alone where all are one user's. Empty lines and those that begin with # are passed over.
 *
 * @param onlyUser whose all of them are; `undefined` where each line names its own
 */
export function importList(text: string, onlyUser: string | undefined): ImportList {
  const items: ImportItem[] = [];
  const faults: string[] = [];
  const batches = new Map<string, { size: number; seen: Set<number> }>();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const place = `line ${index + 1}`;
    try {
      const { user, uri } = split(line, onlyUser);
      const { entries, batch } = exportedEntries(uri);
      note(batches, user, batch);
      for (const [nth, entry] of entries.entries()) {
        items.push({ place: entries.length === 1 ? place : `${place}, entry ${nth + 1}`, user, entry });
      }
    } catch (error) {
      if (!(error instanceof NotAnExport)) throw error;
      faults.push(`${place} ${error.message}`);
    }
  }
  if (items.length === 0 && faults.length === 0) throw new UsageError('There is nothing to import.');
  return { items, faults: [...faults, ...incomplete(batches)] };
}

function split(line: string, onlyUser: string | undefined): { user: string; uri: string } {
  const match = /^(?:(.*?)[\s,;]+)?(otpauth(?:-migration)?:\/\/\S+)$/s.exec(line);
  const [, named, uri] = match ?? [];
  if (uri === undefined) throw new NotAnExport('holds no otpauth:// or otpauth-migration:// address');
  const user = named === undefined || named === '' ? onlyUser : named;
  if (user === undefined) throw new NotAnExport('names no user: write “user,otpauth://…”, or give --user');
  return { user, uri };
}

function note(
  batches: Map<string, { size: number; seen: Set<number> }>,
  user: string,
  batch: ExportedEntries['batch'],
): void {
  if (batch === undefined) return;
  const key = `${user} ${batch.id}`;
  const known = batches.get(key) ?? { size: batch.size, seen: new Set() };
  known.seen.add(batch.index);
  batches.set(key, known);
}

function incomplete(batches: ReadonlyMap<string, { size: number; seen: ReadonlySet<number> }>): string[] {
  return [...batches]
    .filter(([, { size, seen }]) => seen.size < size)
    .map(
      ([key, { size, seen }]) =>
        `an export of ${key.split(' ')[0] ?? ''} has ${size} QR codes, of which ${seen.size} are here`,
    );
}
