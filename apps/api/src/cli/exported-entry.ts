/** An authenticator secret as another system exported it. */
export interface ExportedTotp {
  readonly kind: 'totp';
  /** Who it was for, as its label says. */
  readonly name: string;
  /** Who issued it, as its label or its issuer says; empty where neither does. */
  readonly issuer: string;
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
  readonly issuer: string;
  /** What follows “it”. It never quotes the entry. */
  readonly why: string;
}

/** Either of them. */
export type ExportedEntry = ExportedTotp | UnusableEntry;

/** What stands in one URI. Google Authenticator splits an export over several QR codes: a batch. */
export interface ExportedEntries {
  readonly entries: readonly ExportedEntry[];
  readonly batch: { readonly id: number; readonly index: number; readonly size: number } | undefined;
}

/** Raised for a text that is no export. Its message never quotes the text, which holds secrets. */
export class NotAnExport extends Error {
  override readonly name = 'NotAnExport';
}

/** `Issuer:account` in its two parts; without a colon, all of it is the account. */
export function labelParts(label: string): { issuer: string; name: string } {
  const colon = label.indexOf(':');
  return colon === -1
    ? { issuer: '', name: label.trim() }
    : { issuer: label.slice(0, colon).trim(), name: label.slice(colon + 1).trim() };
}
