import { escapeHtml } from '@countersign/core';

/** What can stand in a body, in two pairs of braces. `code` is for vendors whose texts are registered with them. */
const PLACEHOLDERS = ['to', 'text', 'code', 'id'] as const;

type Placeholder = (typeof PLACEHOLDERS)[number];

/** Fills a body's placeholders, each escaped for the content type that it stands in. */
export function filled(
  template: string,
  values: Readonly<Record<Placeholder, string>>,
  contentType: string,
): string {
  const escape = escapeFor(contentType);
  return template.replace(/\{\{([a-z]+)\}\}/g, (all, name: string) =>
    isPlaceholder(name) ? escape(values[name]) : all,
  );
}

/** What is wrong with a body: a placeholder that is not filled in, or one that is missing. */
export function bodyFault(text: string): string | undefined {
  const names = placeholdersIn(text);
  const unknown = names.find((name) => !isPlaceholder(name));
  if (unknown !== undefined) {
    const known = PLACEHOLDERS.map((name) => `{{${name}}}`).join(', ');
    return `{{${unknown}}} is not filled in; known are ${known}, without blanks`;
  }
  if (!names.includes('to')) return 'expected a text with {{to}}, and {{text}} or {{code}}';
  return names.includes('text') || names.includes('code') ? undefined : 'expected {{text}} or {{code}} in it';
}

/** What is wrong with a setting in which nothing is filled in. Only the names that a body knows are repeated. */
export function unfilledPlaceholder(text: string): string | undefined {
  const name = placeholdersIn(text).find(isPlaceholder);
  return name === undefined
    ? undefined
    : `{{${name}}} is not filled in here: placeholders are for SMS_HTTP_BODY only`;
}

function placeholdersIn(text: string): string[] {
  return [...text.matchAll(/\{\{([^{}]{0,40})\}\}/g)].map(([, name = '']) => name);
}

function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name);
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
