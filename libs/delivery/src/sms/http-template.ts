import { escapeHtml } from '@countersign/core';

/** Fills a body's `{{to}}`, `{{text}}` and `{{id}}`, each escaped for the content type that it stands in. */
export function filled(
  template: string,
  values: Readonly<Record<'to' | 'text' | 'id', string>>,
  contentType: string,
): string {
  const escape = escapeFor(contentType);
  return template.replace(/\{\{(to|text|id)\}\}/g, (_all, name: 'to' | 'text' | 'id') =>
    escape(values[name]),
  );
}

function escapeFor(contentType: string): (text: string) => string {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/x-www-form-urlencoded') return encodeURIComponent;
  if (type.endsWith('json')) return (text) => JSON.stringify(text).slice(1, -1);
  if (type.endsWith('xml')) return escapeHtml;
  return (text) => text;
}

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const HEADER_VALUE = /^[\x20-\x7e]{0,4096}$/;

/**
 * Reads headers from a JSON object.
 * @returns names in lower case; `undefined` where the text is none, or a name or value cannot be sent
 */
export function httpHeaders(text: string): Record<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const headers = Object.entries(value).map(([name, content]) => [name.toLowerCase(), content as unknown]);
    const sendable = headers.every(
      ([name, content]) =>
        HEADER_NAME.test(String(name)) && typeof content === 'string' && HEADER_VALUE.test(content),
    );
    return sendable ? (Object.fromEntries(headers) as Record<string, string>) : undefined;
  } catch {
    return undefined;
  }
}
