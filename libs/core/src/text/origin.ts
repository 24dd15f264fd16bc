import { plainUrl } from './plain-url.js';

/** What the web views of apps send (Capacitor and Ionic on iOS); those of Android send `https://localhost`. */
const APP_ORIGINS: readonly string[] = ['capacitor://localhost', 'ionic://localhost'];

/** Whether an origin is one of the web: those of apps have no host that anything could be bound to. */
export function isWebOrigin(origin: string): boolean {
  return /^https?:/.test(origin);
}

/**
 * What is wrong with a text as an origin (RFC 6454 section 6.2), which is compared exactly with what browsers send. The
 * sentence says how to write it instead.
 *
 * @returns `undefined` where nothing is
 */
export function originFault(text: string): string | undefined {
  if (APP_ORIGINS.includes(text)) return undefined;
  if (text.includes('*')) {
    return `“${text}” is a pattern, and origins are compared exactly: list each one, such as https://app.example.com`;
  }
  const url = plainUrl(text);
  if (url === undefined || !isWebOrigin(url.origin)) {
    return `“${text}” is no origin; expected one such as https://app.example.com`;
  }
  return url.origin === text ? undefined : `“${text}” is not as browsers send it: write ${url.origin}`;
}
