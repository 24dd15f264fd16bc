import { mailable } from './mail-address.js';

/** The sender of mail. */
export interface MailFrom {
  /** As it is written, but for the domain's spelling. */
  readonly address: string;
  /** Absent where each application's own name stands in for it. */
  readonly name: string | undefined;
}

/** Reads an address, or `Name <address>`, the name in quotes or not; `undefined` where the text is neither. */
export function mailFromOf(text: string): MailFrom | undefined {
  const parts = /^(?<name>[^<>\p{Cc}]*)<(?<address>[^<>\s]+)>$/u.exec(text.trim())?.groups;
  const written = parts?.['address'] ?? text.trim();
  const form = mailable(written);
  if (form === undefined) return undefined;
  const address = written.slice(0, written.lastIndexOf('@')) + form.slice(form.lastIndexOf('@'));
  const name = unquoted(parts?.['name']?.trim() ?? '');
  return { address, name: name === '' ? undefined : name };
}

function unquoted(name: string): string {
  const quoted = /^"(.*)"$/u.exec(name)?.[1];
  return quoted === undefined ? name : quoted.replace(/\\(.)/gu, '$1').trim();
}
